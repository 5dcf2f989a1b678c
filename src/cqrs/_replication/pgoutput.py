"""Decodes records of ``pgoutput``, the output plugin of PostgreSQL itself, in version 1 of its protocol."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from cqrs.errors.databases import UnreadableLog


@dataclass(frozen=True, slots=True)
class Begin:
    """A transaction begins that was committed at ``position``; what follows belongs to it."""

    position: int


@dataclass(frozen=True, slots=True)
class Commit:
    """It ends; ``end`` is to be confirmed when all of it is done with."""

    end: int


@dataclass(frozen=True, slots=True)
class Message:
    """What ``pg_logical_emit_message`` was given."""

    transactional: bool
    prefix: str
    content: bytes


Record = Begin | Commit | Message

_U8_U64 = struct.Struct(">BQ")
_U32 = struct.Struct(">I")
_U64 = struct.Struct(">Q")


def decode(payload: bytes) -> Record | None:
    """One record; ``None`` for a kind that is not needed here. Raises ``UnreadableLog`` for anything else.

    Names and prefixes of others may be in any encoding; they are only compared with ours.
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
