"""Step 6, the decoders of the AMQP driver, which end a connection at a header that they cannot read.

The server then delivers the message again over the next connection, which ends as well: one message in Latin-1, or with
a time beyond the year 9999, stops a queue for good.
"""

from __future__ import annotations

import importlib
import struct
from typing import Any

from cqrs.envelope import UNREADABLE

_DECODERS = "pamqp.decode"  # what aio-pika stands on
_LENGTH = struct.Struct(">I")
_MADE = "cqrs_reads_all"


def read_all() -> None:
    """Let the driver read what it would have ended its connection for. Safe to call again.

    It is the same for all connections of the process, and changes nothing about what the driver can read.
    """
    methods: dict[str, Any] = importlib.import_module(_DECODERS).METHODS
    if not hasattr(methods["table"], _MADE):
        methods["table"] = _table(methods["table"])
        methods["shortstr"] = _short_text(methods["shortstr"])
        methods["timestamp"] = _time(methods["timestamp"])


def _table(strict: Any) -> Any:
    def table(value: bytes) -> tuple[int, Any]:
        try:
            result: tuple[int, Any] = strict(value)
        except (ValueError, OverflowError, OSError) as error:
            end = _LENGTH.size + _LENGTH.unpack_from(value)[0]
            if end > len(value):
                raise
            return end, {UNREADABLE: f"{type(error).__name__}: {error}"}
        return result

    setattr(table, _MADE, True)
    return table


def _short_text(strict: Any) -> Any:
    def short_text(value: bytes) -> tuple[int, str]:
        try:
            result: tuple[int, str] = strict(value)
        except UnicodeDecodeError:
            end = 1 + value[0]
            return end, value[1:end].decode(errors="backslashreplace")
        return result

    return short_text


def _time(strict: Any) -> Any:
    def time(value: bytes) -> tuple[int, Any]:
        try:
            result: tuple[int, Any] = strict(value)
        except (ValueError, OverflowError, OSError):
            return 8, None
        return result

    return time
