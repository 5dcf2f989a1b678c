"""Tells a wrong policy when it is made, and not by a worker that waits for ever."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any


def at_least(policy: Any, least: float, *names: str) -> None:
    """Raise ``ValueError`` for a number below ``least``, and ``TypeError`` for what is no number."""
    for name in names:
        value: object = getattr(policy, name)
        if not isinstance(value, (int, float)):
            raise TypeError(f"{_named(policy, name, value)}: give a plain number{_seconds(value)}")
        if not value >= least or math.isinf(value):
            raise ValueError(f"{_named(policy, name, value)}: give {least} or more")


def above_zero(policy: Any, *names: str) -> None:
    """As :func:`at_least`, for seconds that must not be 0."""
    for name in names:
        at_least(policy, 0, name)
        if getattr(policy, name) == 0:
            raise ValueError(f"{_named(policy, name, 0)}: give more than 0")


def spans(policy: Any, *names: str) -> None:
    """Raise ``TypeError`` for what is neither a ``timedelta`` nor ``None``."""
    for name in names:
        value: object = getattr(policy, name)
        if value is not None and not isinstance(value, dt.timedelta):
            raise TypeError(f"{_named(policy, name, value)}: give a timedelta, such as timedelta(days=7), or None")


def of_type(policy: Any, expected: type, *names: str) -> None:
    """Raise ``TypeError`` for what is not an ``expected``."""
    for name in names:
        value: object = getattr(policy, name)
        if not isinstance(value, expected):
            raise TypeError(f"{_named(policy, name, value)}: give a {expected.__name__}")


def _named(policy: object, name: str, value: object) -> str:
    return f"{type(policy).__name__}({name}={value!r})"


def _seconds(value: object) -> str:
    return " of seconds, such as timedelta.total_seconds() returns" if isinstance(value, dt.timedelta) else ""
