"""The port of compressors."""

from __future__ import annotations

from typing import Protocol


class Compressor(Protocol):
    """Makes bytes smaller, and restores them exactly.

    Its attribute ``name``, or else the name of its class, is stored beside what it has compressed.
    """

    def compress(self, value: bytes) -> bytes:
        """Return ``value`` in a shorter form."""
        ...

    def decompress(self, value: bytes) -> bytes:
        """Return what was given to :meth:`compress`."""
        ...


def name_of(compressor: Compressor) -> str:
    """Return the name by which messages say that ``compressor`` has compressed them."""
    return str(getattr(compressor, "name", type(compressor).__name__))
