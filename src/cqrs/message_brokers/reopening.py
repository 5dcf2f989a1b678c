"""Steps 5 and 6, what connects when it is needed, and again after it has broken."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")

_GOODBYE = 2.0  # a server that hangs must not hold up who has given up on it


class Reopening(Generic[T]):
    """Holds one connection of whatever kind. Safe to share between the tasks of one event loop.

    ``open_`` makes one or raises ``BrokerUnavailable``, and leaves nothing behind when it raises. ``close`` ends one;
    what it raises does not matter, and it gets two seconds. ``works`` says whether one can still be used.
    """

    def __init__(
        self, open_: Callable[[], Awaitable[T]], close: Callable[[T], Awaitable[object]], works: Callable[[T], bool]
    ) -> None:
        self._open = open_
        self._close = close
        self._works = works
        self._current: T | None = None
        self._opening: asyncio.Task[T] | None = None

    async def get(self) -> T:
        """The connection, opened if need be: whoever waits for it shares one attempt, and all get its error."""
        if self._current is not None and self._works(self._current):
            return self._current
        if self._opening is None or self._opening.done():
            self._opening = asyncio.create_task(self._reopen())
            self._opening.add_done_callback(_seen)
        return await asyncio.shield(self._opening)  # who gives up does not end the attempt of the others

    async def discard(self, connection: T | None = None) -> None:
        """End it, without regard for what is under way; only if it still is ``connection``, if that is given."""
        current = self._current
        if current is None or (connection is not None and connection is not current):
            return
        self._current = None
        with contextlib.suppress(Exception):
            async with asyncio.timeout(_GOODBYE):
                await self._close(current)

    async def close(self) -> None:
        """End it. Safe to call again; :meth:`get` opens another."""
        if self._opening is not None and not self._opening.done():
            self._opening.cancel()
            await asyncio.wait([self._opening])
        await self.discard()

    async def _reopen(self) -> T:
        await self.discard()
        self._current = opened = await self._open()
        return opened


def _seen(task: asyncio.Task[T]) -> None:
    if not task.cancelled():
        task.exception()  # it has gone to all who wait; perhaps nobody does any more
