"""Across all steps: what a mediator reports beside its answers. Workers, brokers and circuit breakers log instead."""

from __future__ import annotations

import inspect
import logging
from typing import TYPE_CHECKING, Any

from cqrs.errors.wiring import WiringProblem

if TYPE_CHECKING:
    from collections.abc import Iterator

logger = logging.getLogger("cqrs")


class Hooks:
    """Override what you want to know and pass an instance as ``hooks`` to a bootstrap.

    The methods are called in the event loop, between the steps of a request: keep them quick. What they raise is
    logged and does not disturb the request.
    """

    def event_unhandled(self, event: Any) -> None:
        """A domain event has no handler, or a notification neither a broker nor an outbox to leave through."""

    def event_handler_failed(self, event: Any, handler: type, error: BaseException) -> None:
        """``handler`` raised ``error``: the turn ends, and the caller gets the first such error."""

    def fallback_used(self, primary: type, error: Exception) -> None:
        """``primary`` failed, or its circuit was open, and its stand-in takes over."""

    def problems(self) -> Iterator[WiringProblem]:
        """Everything that is wrong with the hooks: an ``async`` one would never be awaited."""
        for name in vars(Hooks):
            if inspect.iscoroutinefunction(getattr(self, name, None)):
                subject = f"the hook {type(self).__qualname__}.{name}"
                yield WiringProblem(subject, "it is async, and hooks are only called", "Declare it with `def`")


def report(hook: Any, *arguments: Any) -> None:
    """Call ``hook``; log what it raises."""
    try:
        hook(*arguments)
    except Exception:
        logger.exception("The hook %s failed", getattr(hook, "__qualname__", hook))
