"""Step 2, who answers when the first choice fails."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqrs.circuit_breaker.protocol import ICircuitBreaker


@dataclasses.dataclass(frozen=True)
class RequestHandlerFallback:
    """A handler and its stand-in, to be bound where a handler can: both answer whole, or both stream.

    ``failure_exceptions`` are the errors that make the stand-in answer; none means any ``Exception``. With a
    ``circuit_breaker``, calls of the primary go through it, and an open circuit goes straight to the stand-in. The
    circuit is known by ``name``, or else by the primary's module and qualified name; a closure, a partial or a method
    of an object has none of its own and needs ``name``, the same in each process. Events that a failed primary
    recorded are not emitted. A stream that fails after its first chunks cannot take them back: the stand-in starts the
    request from its beginning. What an event handler or the broker raises is no failure of the primary: it ends the
    turn.
    """

    primary: type | Callable[..., Any]
    fallback: type | Callable[..., Any]
    failure_exceptions: tuple[type[Exception], ...] = ()
    circuit_breaker: ICircuitBreaker | None = None
    name: str | None = None
