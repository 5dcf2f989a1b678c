"""Writes one event of a stream as a Server-Sent Event, as the HTML standard defines it."""

from __future__ import annotations

import re
from typing import Any

import pydantic_core

KEEP_ALIVE = b": keep-alive\n\n"
"""A comment. Clients ignore it; each proxy on the way sees that the connection is in use."""

_LINE_END = re.compile("\r\n|\r|\n")


def frame(name: str, data: str) -> bytes:
    """The event ``name`` with ``data``, which may have several lines."""
    lines = [f"event: {name}", *(f"data: {line}" for line in _LINE_END.split(data))]
    return ("\n".join(lines) + "\n\n").encode()


def to_json(value: Any) -> str:
    """``value`` as JSON on one line, for any class of message. Raises ``ValueError`` if that is not possible."""
    return pydantic_core.to_json(value, by_alias=True, inf_nan_mode="null", fallback=_fields).decode()


def _fields(value: Any) -> Any:
    if callable(getattr(value, "to_dict", None)):
        return value.to_dict()
    names = getattr(value, "__struct_fields__", None) or [a.name for a in getattr(value, "__attrs_attrs__", ())]
    if not names:
        raise TypeError(f"{type(value).__qualname__} cannot be written as JSON: give it a method to_dict()")
    return {name: getattr(value, name) for name in names}
