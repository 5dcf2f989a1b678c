"""Step 2: handlers in a chain of responsibility: each handles the request or passes it on."""

from __future__ import annotations

import abc
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Generic

from typing_extensions import TypeVar

from cqrs.errors.root import InvalidArgument
from cqrs.handlers.recorder import EventRecorder
from cqrs.unit_of_work.stack import any_unit_entered, current_unit_of_work

if TYPE_CHECKING:
    from collections.abc import Sequence

ReqT = TypeVar("ReqT", default=Any)
ResT = TypeVar("ResT", default=Any)


class CORRequestHandler(EventRecorder, abc.ABC, Generic[ReqT, ResT]):
    """A member of a chain. Bind the chain as a list: ``m.bind(Pay, [CardHandler, PayPalHandler, DefaultHandler])``.

    The events of every member that ran are emitted, in the order of the chain.
    """

    _cqrs_handles = "requests"
    _cqrs_next: CORRequestHandler[ReqT, ResT] | None = None

    def set_next(self, handler: CORRequestHandler[ReqT, ResT]) -> CORRequestHandler[ReqT, ResT]:
        """Make ``handler`` the next in the chain, and return it, so that calls can be chained."""
        self._cqrs_next = handler
        return handler

    async def next(self, request: ReqT) -> ResT | None:
        """Return the response of the rest of the chain; ``None`` at its end.

        Within a unit of work the rest runs in a savepoint: if it raises, what it wrote and recorded is undone.
        """
        if self._cqrs_next is None:
            return None
        unit = current_unit_of_work() if any_unit_entered else None
        if unit is None:
            return await self._cqrs_next.handle(request)
        async with unit.savepoint():
            return await self._cqrs_next.handle(request)

    @abc.abstractmethod
    async def handle(self, request: ReqT, /) -> ResT | None:
        """Return the response to ``request``, or ``await self.next(request)`` to pass it on."""


CORRequestHandlerT = CORRequestHandler


def build_chain(handlers: Sequence[CORRequestHandler[ReqT, ResT]]) -> CORRequestHandler[ReqT, ResT]:
    """Link ``handlers`` in their order and return the first. Raises ``InvalidArgument`` if there is none."""
    if not handlers:
        raise InvalidArgument("handlers", handlers, "give at least one handler, in the order to try them")
    for handler, following in pairwise(handlers):
        handler.set_next(following)
    return handlers[0]
