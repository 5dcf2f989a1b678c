"""Step 3, who reacts when the first choice fails."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqrs.circuit_breaker.protocol import ICircuitBreaker


@dataclasses.dataclass(frozen=True)
class EventHandlerFallback:
    """An event handler and its stand-in, to be bound where a handler can.

    The parameters mean what they mean on ``RequestHandlerFallback``.
    """

    primary: type | Callable[..., Any]
    fallback: type | Callable[..., Any]
    failure_exceptions: tuple[type[Exception], ...] = ()
    circuit_breaker: ICircuitBreaker | None = None
    name: str | None = None
