"""Step 6, what keeps the messages that a living member has in hand from being given to another one."""

from __future__ import annotations

import asyncio
import weakref
from typing import TYPE_CHECKING, Protocol

from cqrs._tasks.cancellation import cancel_and_wait
from cqrs._tasks.running import context_without_turn

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class Renews(Protocol):
    """A source whose server gives messages to another member when it has not heard of them for a while."""

    async def renew(self) -> None:
        """Tell the server that what is in hand is being worked on. Raises nothing."""
        ...


class Renewing:
    """Has ``source`` renew what it has in hand every ``seconds``, until :meth:`end`, or until nobody holds it."""

    def __init__(self, source: Renews, seconds: float) -> None:
        self._source = weakref.ref(source)
        self._seconds = seconds
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin. Safe to call again."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(_renew(self._source, self._seconds), context=context_without_turn())

    async def end(self) -> None:
        """Return when it is over. Safe to call again."""
        task, self._task = self._task, None
        if task is not None:
            await cancel_and_wait([task])


async def _renew(source: Callable[[], Renews | None], seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        renewed = _renewed(source())
        if renewed is None:
            return
        await renewed


def _renewed(source: Renews | None) -> Awaitable[None] | None:
    return None if source is None else source.renew()
