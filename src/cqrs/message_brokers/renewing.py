"""Keep the server from giving the unacknowledged messages of a living member to another one."""

from __future__ import annotations

import asyncio
import weakref
from typing import TYPE_CHECKING, Protocol

from cqrs._tasks.cancellation import cancel_and_wait
from cqrs._tasks.running import context_without_turn

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class Renews(Protocol):
    """A source whose server gives messages to another member if they are not renewed for a while."""

    async def renew(self) -> None:
        """Renew the unacknowledged messages at the server. Raises nothing."""
        ...


class Renewing:
    """Calls ``source.renew`` every ``seconds``, until :meth:`end` or until the source is garbage collected."""

    def __init__(self, source: Renews, seconds: float) -> None:
        self._source = weakref.ref(source)
        self._seconds = seconds
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin. Safe to call again."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(_renew(self._source, self._seconds), context=context_without_turn())

    async def end(self) -> None:
        """Stop, and wait until the running call is over. Safe to call again."""
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
