"""Decodes records of ``pgoutput``, the built-in output plugin of PostgreSQL, in version 1 of its protocol."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from cqrs.errors.databases import UnreadableLog


@dataclass(frozen=True, slots=True)
class Begin:
    """The beginning of a transaction that was committed at ``position``; what follows belongs to it."""

    position: int


@dataclass(frozen=True, slots=True)
class Commit:
    """The end of a transaction. Confirm the position ``end`` when all of its messages are sent or diverted."""

    end: int


@dataclass(frozen=True, slots=True)
class Message:
    """The arguments of a call of ``pg_logical_emit_message``."""

    transactional: bool
    prefix: str
    content: bytes


Record = Begin | Commit | Message

_U8_U64 = struct.Struct(">BQ")
_U32 = struct.Struct(">I")
_U64 = struct.Struct(">Q")


def decode(payload: bytes) -> Record | None:
    """Decode one record; ``None`` for a kind that is not needed here. Raises ``UnreadableLog`` if it is malformed.

    Prefixes that other programs wrote may be in any encoding; they are only compared with ours.
    """
    try:
        return _decoded(payload)
    except (struct.error, ValueError) as error:
        raise UnreadableLog(payload[:1]) from error


def _decoded(payload: bytes) -> Record | None:
    match payload[:1]:
        case b"B":
            return Begin(_U64.unpack_from(payload, 1)[0])
        case b"C":
            return Commit(_U64.unpack_from(payload, 10)[0])
        case b"M":
            flags, _ = _U8_U64.unpack_from(payload, 1)
            end = payload.index(b"\0", 10)
            length: int = _U32.unpack_from(payload, end + 1)[0]
            return Message(bool(flags & 1), _text(payload[10:end]), payload[end + 5 : end + 5 + length])
        case _:
            return None


def _text(raw: bytes) -> str:
    return raw.decode(errors="replace")
