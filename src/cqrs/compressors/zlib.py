"""Compression with zlib, which every Python has."""

from __future__ import annotations

import zlib

from cqrs.errors.messages import UnreadableBody


class ZlibCompressor:
    """Compresses with zlib, at its default level unless another is given.

    ``largest``: how many bytes it restores at most. A thousand bytes of zlib can become a million, and whoever sends
    them decides how much memory that takes.
    """

    name = "zlib"

    def __init__(self, level: int = zlib.Z_DEFAULT_COMPRESSION, *, largest: int = 64 * 2**20) -> None:
        self._level = level
        self._largest = largest

    def compress(self, value: bytes) -> bytes:
        """``value`` in a shorter form."""
        return zlib.compress(value, self._level)

    def decompress(self, value: bytes) -> bytes:
        """What was given to :meth:`compress`. Raises ``UnreadableBody`` for anything else, and for too much of it."""
        restoring = zlib.decompressobj()
        try:
            restored = restoring.decompress(value, self._largest + 1)
        except zlib.error as error:
            raise UnreadableBody(self.name, error) from error
        if len(restored) > self._largest:
            raise UnreadableBody(self.name, f"it becomes more than {self._largest:,} bytes")
        if not restoring.eof:
            raise UnreadableBody(self.name, "its end is missing")
        return restored
