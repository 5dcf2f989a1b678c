"""Compression with zlib, which every Python has."""

from __future__ import annotations

import zlib


class ZlibCompressor:
    """Compresses with zlib, at its default level unless another is given."""

    name = "zlib"

    def __init__(self, level: int = zlib.Z_DEFAULT_COMPRESSION) -> None:
        self._level = level

    def compress(self, value: bytes) -> bytes:
        """``value`` in a shorter form."""
        return zlib.compress(value, self._level)

    def decompress(self, value: bytes) -> bytes:
        """What was given to :meth:`compress`. Raises ``zlib.error`` for anything else."""
        return zlib.decompress(value)
