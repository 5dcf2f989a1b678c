"""Compression with zlib, which is part of every Python."""

from __future__ import annotations

import zlib

from cqrs._renamed import renamed_parameters
from cqrs.errors.messages import UnreadableBody


class ZlibCompressor:
    """Compresses with zlib, at its default ``level`` unless another is given.

    ``max_size`` is the number of bytes that it restores at most: a thousand compressed bytes can become a million, so
    without a limit the sender would decide how much memory that takes.
    """

    name = "zlib"

    @renamed_parameters("ZlibCompressor", largest="max_size")
    def __init__(self, level: int = zlib.Z_DEFAULT_COMPRESSION, *, max_size: int = 64 * 2**20) -> None:
        self._level = level
        self._max_size = max_size

    def compress(self, value: bytes) -> bytes:
        """Return ``value`` in a shorter form."""
        return zlib.compress(value, self._level)

    def decompress(self, value: bytes) -> bytes:
        """Return what was given to :meth:`compress`.

        Raises ``UnreadableBody`` for anything else, and if the result is larger than ``max_size``.
        """
        restoring = zlib.decompressobj()
        try:
            restored = restoring.decompress(value, self._max_size + 1)
        except zlib.error as error:
            raise UnreadableBody(self.name, error) from error
        if len(restored) > self._max_size:
            raise UnreadableBody(self.name, f"it becomes more than {self._max_size:,} bytes")
        if not restoring.eof:
            raise UnreadableBody(self.name, "its end is missing")
        return restored
