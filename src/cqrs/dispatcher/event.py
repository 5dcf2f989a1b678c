"""Step 6: the turn of an event that came in from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqrs.container.scope import open_scope
from cqrs.context import caused_by
from cqrs.dispatcher.turn import in_scope, join
from cqrs.events.event import INotificationEvent
from cqrs.unit_of_work.stack import any_unit_entered, entered_units

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from cqrs.context import Block
    from cqrs.dispatcher.turn import Turn, TurnSetup


class EventDispatcher:
    """Makes the turn of an event: request scope, middlewares, handlers, and the events that they record."""

    def __init__(self, setup: TurnSetup) -> None:
        self._setup = setup

    def compile(self) -> Turn:
        """Return the turn, a function to be called with the event; it is the same for every type."""
        joins = self._setup.joins

        async def receive(event: Any, *, joined: bool = False) -> None:
            if any_unit_entered and joins and not joined and entered_units.get():
                await join(receive, event)
                return
            await self._setup.processor.receive(event, open_scope.get())

        return _following(in_scope(self._setup.chain.wrap(receive), self._setup))


def _following(turn: Turn) -> Turn:
    """Wrap ``turn`` so that, if the event is a message, all that is sent in the turn has its ids as headers."""
    messages: dict[type, bool] = {}

    def run(event: Any) -> Coroutine[Any, Any, None]:  # not async, to save a frame for each event
        kind = event.__class__
        if kind not in messages:
            messages[kind] = INotificationEvent in kind.__mro__
        block = caused_by(event) if messages[kind] else None
        return turn(event) if block is None else _within(block, turn(event))

    return run


async def _within(block: Block, turn: Coroutine[Any, Any, None]) -> None:
    with block:
        await turn
