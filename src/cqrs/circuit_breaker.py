"""The port of circuit breakers, and the one rule that decides when a fallback takes over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable


class ICircuitBreaker(Protocol):
    """Stops calling what keeps failing. Safe to share between tasks; one circuit per identifier."""

    async def call(self, identifier: type | str, func: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        """Await ``func(*args, **kwargs)`` if the circuit of ``identifier`` lets it through, and note the result.

        Raises what ``func`` raises, and an error for which :meth:`is_circuit_breaker_error` holds, without having
        called ``func``, while the circuit is open.
        """
        ...

    def is_circuit_breaker_error(self, exc: Exception) -> bool:
        """Whether ``exc`` says that the circuit was open, and not that ``func`` failed."""
        ...


def should_use_fallback(
    primary_error: Exception,
    circuit_breaker: ICircuitBreaker | None,
    failure_exceptions: Iterable[type[Exception]] | type[Exception],
) -> bool:
    """Whether the fallback takes over: for an open circuit and any of ``failure_exceptions`` (none: any error)."""
    if circuit_breaker is not None and circuit_breaker.is_circuit_breaker_error(primary_error):
        return True
    named = failure_exceptions if isinstance(failure_exceptions, type) else tuple(failure_exceptions)
    return not named or isinstance(primary_error, named)
