"""Step 6, the turn of an event that came in from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqrs.container.scope import open_scope
from cqrs.context import caused_by
from cqrs.dispatcher.turn import in_scope, join
from cqrs.events.event import INotificationEvent
from cqrs.unit_of_work.stack import entered, ever_entered

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from cqrs.context import Block
    from cqrs.dispatcher.turn import Turn, Turns


class EventDispatcher:
    """Gives the turn of every event: scope, middlewares, handlers, and what follows."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns

    def compile(self) -> Turn:
        """The turn of an event; it is the same for every type."""
        joins = self._turns.joins

        async def receive(event: Any, *, joined: bool = False) -> None:
            if ever_entered and joins and not joined and entered.get():
                await join(receive, event)
                return
            await self._turns.processor.receive(event, open_scope.get())

        return _following(in_scope(self._turns.chain.wrap(receive), self._turns))


def _following(turn: Turn) -> Turn:
    """``turn``, in which all that is sent follows from the event, if that is a message."""
    messages: dict[type, bool] = {}

    def run(event: Any) -> Coroutine[Any, Any, None]:  # not async: a coroutine around each would cost a frame
        kind = event.__class__
        if kind not in messages:
            messages[kind] = INotificationEvent in kind.__mro__
        block = caused_by(event) if messages[kind] else None
        return turn(event) if block is None else _within(block, turn(event))

    return run


async def _within(block: Block, turn: Coroutine[Any, Any, None]) -> None:
    with block:
        await turn
