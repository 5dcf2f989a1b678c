"""The port of compressors."""

from __future__ import annotations

from typing import Protocol


class Compressor(Protocol):
    """Makes bytes smaller, and restores them exactly.

    Where it has an attribute ``name``, that is stored beside what it has compressed; else the name of its class is.
    """

    def compress(self, value: bytes) -> bytes:
        """``value`` in a shorter form."""
        ...

    def decompress(self, value: bytes) -> bytes:
        """What was given to :meth:`compress`."""
        ...


def name_of(compressor: Compressor) -> str:
    """What says that bytes were compressed by ``compressor``."""
    return str(getattr(compressor, "name", type(compressor).__name__))
