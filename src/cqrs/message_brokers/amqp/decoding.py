"""Make the decoders of the AMQP driver tolerant.

The driver closes a connection at a header that it cannot decode. The server then delivers the message again over the
next connection, which is closed as well: one header in Latin-1, or a time after the year 9999, would stop a queue for
good.
"""

from __future__ import annotations

import importlib
import struct
from typing import Any

from cqrs.envelope import UNREADABLE

_DECODERS = "pamqp.decode"  # a dependency of aio-pika
_LENGTH = struct.Struct(">I")
_MARK = "cqrs_tolerant"


def tolerate_undecodable_headers() -> None:
    """Make the driver replace headers that it cannot decode, instead of closing its connection. Safe to call again.

    Affects all connections of the process. Headers that the driver can decode stay the same.
    """
    methods: dict[str, Any] = importlib.import_module(_DECODERS).METHODS
    if not hasattr(methods["table"], _MARK):
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

    setattr(table, _MARK, True)
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
