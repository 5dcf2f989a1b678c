"""Step 3: an event handler with a fallback."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqrs.circuit_breaker.protocol import ICircuitBreaker


@dataclasses.dataclass(frozen=True)
class EventHandlerFallback:
    """An event handler and its fallback. It can be bound in place of a handler.

    The parameters are those of ``RequestHandlerFallback``.
    """

    primary: type | Callable[..., Any]
    fallback: type | Callable[..., Any]
    failure_exceptions: tuple[type[Exception], ...] = ()
    circuit_breaker: ICircuitBreaker | None = None
    name: str | None = None
