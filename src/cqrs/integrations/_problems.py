"""What a client learns about an error: a status and, in the body, a problem as RFC 9457 defines it.

The text of the error itself is not sent, unless the table has a function that does so: such texts have classes, ids and
values that should not leave the service.
"""

from __future__ import annotations

import http
import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cqrs._introspection.callables import is_async
from cqrs._introspection.generics import type_name
from cqrs.errors.databases import DatabaseUnavailable, MigrationNeeded
from cqrs.errors.messages import BrokerUnavailable
from cqrs.errors.requests import CircuitOpenError
from cqrs.errors.root import CQRSError
from cqrs.errors.wiring import WiringError, WiringProblem

CONTENT_TYPE = "application/problem+json"

_CLIENT_ERROR, _BUG, _AWAY, _END = 400, 500, 503, 600

logger = logging.getLogger("cqrs")


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem as RFC 9457 defines it. Without a ``title`` it has the name of the status.

    ``detail`` is a sentence for people about this one occurrence; ``members`` are further fields, for programs.
    ``headers`` go into the response.
    """

    status: int
    title: str = ""
    detail: str = ""
    type: str = "about:blank"
    members: Mapping[str, Any] = field(default_factory=dict[str, Any])
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def body(self) -> dict[str, Any]:
        """The fields of the body."""
        title = self.title or _PHRASES.get(self.status, "Error")
        detail = {"detail": self.detail} if self.detail else {}
        return {**self.members, "type": self.type, "title": title, "status": int(self.status), **detail}


Entry = int | Problem | Callable[[Any], Problem]
"""A status, a problem, or a function that makes the problem from the error."""

_PHRASES = {status.value: status.phrase for status in http.HTTPStatus}


def circuit_open(error: CircuitOpenError) -> Problem:
    """503, with the time after which to try again if the circuit breaker knows it."""
    wait = error.retry_after
    return Problem(503, headers={} if wait is None else {"Retry-After": str(max(1, math.ceil(wait)))})


# A request without a handler is a mistake in the service, so 500. 501 would mean the same, but caches keep it.
# An outage or a table that does not exist yet is a 503: the same request works later.
_OWN: dict[type[Exception], Entry] = {
    CQRSError: _BUG,
    CircuitOpenError: circuit_open,
    **dict.fromkeys((BrokerUnavailable, DatabaseUnavailable, MigrationNeeded), _AWAY),
}


class ProblemTable:
    """Finds the problem of an error by its class, or else by the nearest of its base classes.

    The errors of this package are in it from the start. Raises ``WiringError`` with every entry that cannot work.
    """

    def __init__(self, entries: Mapping[type[Exception], Entry]) -> None:
        mistakes = [mistake for cls, entry in entries.items() if (mistake := _mistake(cls, entry)) is not None]
        if mistakes:
            raise WiringError(mistakes)
        self.entries: dict[type[Exception], Entry] = {**_OWN, **entries}

    def find(self, error: Exception) -> Problem | None:
        """The problem of ``error``; ``None`` if no entry applies to it."""
        for cls in type(error).__mro__:
            entry = self.entries.get(cls)
            if entry is not None:
                return (
                    entry if isinstance(entry, Problem) else Problem(entry) if isinstance(entry, int) else entry(error)
                )
        return None


def log(error: Exception, problem: Problem) -> None:
    """Log ``error`` if its status is 500 or above, with a traceback if it is 500, which stands for a bug."""
    if problem.status >= _BUG:
        level, bug = (logging.ERROR, error) if problem.status == _BUG else (logging.WARNING, None)
        name = type(error).__qualname__
        if bug is None and isinstance(error, CQRSError):  # these have the remedy in their text, and no secret
            name = f"{name} ({error})"
        logger.log(level, "%s was answered with status %d", name, problem.status, exc_info=bug)


def _mistake(cls: Any, entry: Any) -> WiringProblem | None:
    where = f"install_error_handlers, {getattr(cls, '__qualname__', cls)}"
    if not (isinstance(cls, type) and issubclass(cls, Exception)):
        return WiringProblem(where, "it is not a class of errors", "Use a subclass of Exception as the key")
    status = entry.status if isinstance(entry, Problem) else entry
    if is_async(status):
        return WiringProblem(where, f"{type_name(status)} is async, and would not be awaited", "Use a plain function")
    if callable(status) or (isinstance(status, int) and _CLIENT_ERROR <= status < _END):
        return None
    return WiringProblem(
        where,
        f"{status!r} is not a status of an error",
        "Use 400 to 599, a Problem, or a function that returns a Problem",
    )
