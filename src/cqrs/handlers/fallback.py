"""Calls a handler and, if it fails, its fallback: for requests, streams and events."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from cqrs.circuit_breaker.protocol import ICircuitBreaker, should_use_fallback
from cqrs.observability.hooks import Hooks, report
from cqrs.unit_of_work.stack import any_unit_entered, current_unit_of_work, entered_units

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")

logger = logging.getLogger("cqrs")


class FallbackPolicy(Protocol):
    """When the fallback takes over."""

    @property
    def failure_exceptions(self) -> tuple[type[Exception], ...]:
        """The errors that make it take over; an empty tuple means all."""
        ...

    @property
    def circuit_breaker(self) -> ICircuitBreaker | None:
        """The circuit breaker through which the primary handler is called, if any."""
        ...

    @property
    def circuit(self) -> type | str:
        """The identifier of the circuit."""
        ...


async def call_with_fallback(
    policy: FallbackPolicy,
    hooks: Hooks,
    identifier: type,
    primary: Callable[..., Awaitable[T]],
    fallback: Callable[..., Awaitable[T]],
    *arguments: Any,
) -> T:
    """Return the result of ``primary``, or of ``fallback`` if ``primary`` fails with an error that ``policy`` names.

    ``identifier`` is the class of the primary handler, for log and hook. If both fail, the error of ``fallback`` is
    raised, with that of ``primary`` as its context. Within a unit of work ``primary`` runs in a savepoint: what it
    wrote and recorded is undone before ``fallback`` is called.
    """
    breaker = policy.circuit_breaker
    try:
        if any_unit_entered and entered_units.get():
            primary = _in_a_savepoint(primary)
        if breaker is None:
            return await primary(*arguments)
        answer: T = await breaker.call(policy.circuit, primary, *arguments)
    except Exception as error:
        if not should_use_fallback(error, breaker, policy.failure_exceptions):
            raise
        logger.warning("%s failed with %s, its fallback takes over", identifier.__qualname__, type(error).__qualname__)
        report(hooks.fallback_used, identifier, error)
        return await fallback(*arguments)
    else:
        return answer


def _in_a_savepoint(call: Callable[..., Awaitable[T]]) -> Callable[..., Awaitable[T]]:
    """Wrap ``call`` so that its effects on the open unit of work are undone if it raises."""
    unit = current_unit_of_work()
    if unit is None:
        return call

    async def called(*arguments: Any) -> T:
        async with unit.savepoint():
            return await call(*arguments)

    return called
