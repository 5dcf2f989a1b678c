"""Checks of the fields of a policy when it is made, so that a wrong one does not show as a worker that never works."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from typing import TYPE_CHECKING, Any

from cqrs.errors.root import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Collection


def at_least(policy: Any, least: float, *names: str) -> None:
    """Raise ``InvalidArgument`` unless each field is a finite number of at least ``least``."""
    for name in names:
        value: object = getattr(policy, name)
        if not isinstance(value, (int, float)):
            raise _wrong(policy, name, f"give a plain number{_seconds(value)}")
        if not value >= least or math.isinf(value):
            raise _wrong(policy, name, f"give {least} or more")


def above_zero(policy: Any, *names: str) -> None:
    """Raise ``InvalidArgument`` unless each field is a finite number above 0."""
    for name in names:
        at_least(policy, 0, name)
        if getattr(policy, name) == 0:
            raise _wrong(policy, name, "give more than 0")


def spans(policy: Any, *names: str) -> None:
    """Raise ``InvalidArgument`` unless each field is a ``timedelta`` or ``None``."""
    for name in names:
        value: object = getattr(policy, name)
        if value is not None and not isinstance(value, dt.timedelta):
            raise _wrong(policy, name, "give a timedelta, such as timedelta(days=7), or None")


def of_type(policy: Any, expected: type, *names: str) -> None:
    """Raise ``InvalidArgument`` unless each field is an ``expected``."""
    for name in names:
        value: object = getattr(policy, name)
        if not isinstance(value, expected):
            raise _wrong(policy, name, f"give a {expected.__name__}")


def one_of(policy: Any, allowed: Collection[object], *names: str) -> None:
    """Raise ``InvalidArgument`` unless each field has one of the values ``allowed``."""
    for name in names:
        if getattr(policy, name) not in allowed:
            raise _wrong(policy, name, f"give one of {', '.join(map(repr, allowed))}")


def described(policy: Any) -> str:
    """``policy`` for a log line: the fields that differ from the default."""
    usual = type(policy)()
    fields = ((field.name, getattr(policy, field.name)) for field in dataclasses.fields(policy))
    changed = [(name, value) for name, value in fields if value != getattr(usual, name)]
    text = ", ".join(f"{name}={getattr(value, '__qualname__', None) or repr(value)}" for name, value in changed)
    return f"{type(policy).__qualname__}({text})"


def _wrong(policy: Any, name: str, remedy: str) -> InvalidArgument:
    return InvalidArgument(f"{type(policy).__name__}.{name}", getattr(policy, name), remedy)


def _seconds(value: object) -> str:
    return " of seconds, such as timedelta.total_seconds() returns" if isinstance(value, dt.timedelta) else ""
