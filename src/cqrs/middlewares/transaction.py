"""Step 2, one transaction around each turn."""

from __future__ import annotations

from inspect import isawaitable
from typing import TYPE_CHECKING, Any

from cqrs.unit_of_work import current_unit_of_work

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cqrs.middlewares.base import Handle
    from cqrs.unit_of_work import UnitOfWork


class TransactionMiddleware:
    """Opens a unit of work for each turn, and commits it when the turn is done or rolls it back if that fails.

    ``factory`` makes the unit of work; it may be ``async``. A turn within an open unit of work, such as a nested
    ``send``, joins that one. The turn of a stream lasts from its first chunk to its last; a consumer that goes away
    before rolls it back. Works on every mediator. Put a middleware that retries outside of this one.
    """

    def __init__(self, factory: Callable[[], UnitOfWork | Awaitable[UnitOfWork]]) -> None:
        self._factory = factory

    async def __call__(self, request: Any, handle: Handle) -> Any:
        """Await ``handle(request)`` in a unit of work."""
        if current_unit_of_work() is not None:
            return await handle(request)
        unit = self._factory()
        async with await unit if isawaitable(unit) else unit:
            return await handle(request)
