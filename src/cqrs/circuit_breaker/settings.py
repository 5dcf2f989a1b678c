"""Check the settings of a circuit breaker before its first call, and report all mistakes at once."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING, cast

from cqrs.errors.wiring import CircuitBreakerSettingsError, WiringProblem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def check_settings(settings: Mapping[str, object]) -> None:
    """Raise one ``CircuitBreakerSettingsError`` with all mistakes in ``settings``, the arguments by name."""
    problems = [problem for name, value in settings.items() for problem in _RULES[name](name, value)]
    if problems:
        raise CircuitBreakerSettingsError(problems)


def _count(name: str, value: object) -> Iterator[WiringProblem]:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        yield WiringProblem(name, f"{value!r} is not a number of failures", "Pass a whole number of at least 1")


def _duration(name: str, value: object) -> Iterator[WiringProblem]:
    length = math.nan
    if isinstance(value, timedelta):
        length = value.total_seconds()
    elif isinstance(value, int | float) and not isinstance(value, bool):
        length = float(value)
    if not 0 < length < math.inf:
        yield WiringProblem(name, f"{value!r} is not a length of time", "Pass seconds above zero or a timedelta")


def _optional_duration(name: str, value: object) -> Iterator[WiringProblem]:
    if value is not None:
        yield from _duration(name, value)


def _error_types(name: str, value: object) -> Iterator[WiringProblem]:
    for item in cast("tuple[object, ...]", value):
        if not (isinstance(item, type) and issubclass(item, Exception)):
            yield WiringProblem(
                name, f"{item!r} is not a class of exceptions", "Pass a list of subclasses of Exception"
            )


def _optional_factory(name: str, value: object) -> Iterator[WiringProblem]:
    if value is not None and not callable(value):
        yield WiringProblem(name, f"{value!r} cannot be called", "Pass a function from a name to a storage")


_RULES = {
    "fail_max": _count,
    "timeout_duration": _duration,
    "exclude": _error_types,
    "storage_factory": _optional_factory,
    "probe_lease": _optional_duration,
    "storage_timeout": _duration,
}
