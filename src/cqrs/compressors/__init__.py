"""Compression of stored payloads: the port, and zlib."""

from cqrs.compressors.protocol import Compressor
from cqrs.compressors.zlib import ZlibCompressor

__all__ = ["Compressor", "ZlibCompressor"]
