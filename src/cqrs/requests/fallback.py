"""Step 2: a request handler with a fallback."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqrs.circuit_breaker.protocol import ICircuitBreaker


@dataclasses.dataclass(frozen=True)
class RequestHandlerFallback:
    """A handler and its fallback. It can be bound in place of a handler; either both stream, or neither does.

    The fallback takes over if the primary raises one of ``failure_exceptions``; an empty tuple means any ``Exception``.
    With a ``circuit_breaker``, the primary is called through it, and if the circuit is open, the fallback is called at
    once. The circuit is identified by ``name``, or else by the primary's module and qualified name; a closure, a
    partial or a method of an object has none of its own and needs a ``name``, the same in each process. Events that a
    failed primary recorded are not emitted. If a stream fails after its first chunks, these stay with the consumer, and
    the fallback starts the request from its beginning. Errors of event handlers or the broker are no failures of the
    primary: they end the turn.
    """

    primary: type | Callable[..., Any]
    fallback: type | Callable[..., Any]
    failure_exceptions: tuple[type[Exception], ...] = ()
    circuit_breaker: ICircuitBreaker | None = None
    name: str | None = None
