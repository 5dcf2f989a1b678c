"""Across all steps: what a mediator reports besides its results. Workers, brokers and circuit breakers log instead."""

from __future__ import annotations

import inspect
import logging
from typing import TYPE_CHECKING, Any

from cqrs.errors.wiring import WiringProblem

if TYPE_CHECKING:
    from collections.abc import Iterator

logger = logging.getLogger("cqrs")


class Hooks:
    """Override the methods you need, and pass an instance as ``hooks`` to a bootstrap.

    They are called in the event loop, between the steps of a request: keep them quick. An error that they raise is
    logged and has no effect on the request.
    """

    def event_unhandled(self, event: Any) -> None:
        """Called if a domain event has no handler, or a notification can be sent neither by a broker nor an outbox."""

    def event_handler_failed(self, event: Any, handler: type, error: BaseException) -> None:
        """Called if ``handler`` raised ``error``. The turn ends, and the first such error is raised in the caller."""

    def fallback_used(self, primary: type, error: Exception) -> None:
        """Called when a fallback takes over from ``primary``, which failed or whose circuit was open."""

    def problems(self) -> Iterator[WiringProblem]:
        """Yield a problem for each hook that is ``async``, because hooks are called without being awaited."""
        for name in vars(Hooks):
            if inspect.iscoroutinefunction(getattr(self, name, None)):
                subject = f"the hook {type(self).__qualname__}.{name}"
                yield WiringProblem(subject, "it is async, and hooks are only called", "Declare it with `def`")


def report(hook: Any, *arguments: Any) -> None:
    """Call ``hook``, and log an error that it raises."""
    try:
        hook(*arguments)
    except Exception:
        logger.exception("The hook %s failed", getattr(hook, "__qualname__", hook))
