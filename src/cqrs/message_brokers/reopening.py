"""Steps 5 and 6, what connects when it is needed, and again after it has broken."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from cqrs._tasks.cancellation import is_cancelled
from cqrs._tasks.running import context_without_turn
from cqrs.errors.messages import BrokerUnavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

T = TypeVar("T")

_AGAIN = 1.0  # seconds between two attempts to cancel, in which the first can clean up
_GOODBYE = 2.0  # a server that hangs must not hold up who has given up on it


class Attempt(Generic[T]):
    """Something at ``place`` is being opened for all who wait for it, until nobody does any more."""

    def __init__(self, place: str, what: Coroutine[Any, Any, T]) -> None:
        self._place = place
        self.loop = asyncio.get_running_loop()
        self._task = self.loop.create_task(what, context=context_without_turn())
        self._task.add_done_callback(_seen)
        self._waiting = 0

    @property
    def is_over(self) -> bool:
        """Whether it has succeeded, failed or ended."""
        return self._task.done()

    async def result(self) -> T:
        """What comes of it. Raises its error, and ``BrokerUnavailable`` if it was ended.

        When the last who waits is cancelled, it ends before this raises.
        """
        self._waiting += 1
        try:
            return await asyncio.shield(self._task)  # who gives up does not end it for the others
        except asyncio.CancelledError:
            if is_cancelled():
                raise
            raise BrokerUnavailable(self._place, "it was closed while it was being opened") from None
        finally:
            self._waiting -= 1
            if not self._waiting:
                await self.end()

    async def end(self) -> None:
        """Return when it is over. Safe to call again."""
        while not self._task.done():
            self._task.cancel()  # what it waits for can end at the same moment, and be taken for more important
            await asyncio.wait([self._task], timeout=_AGAIN)


class Reopening(Generic[T]):
    """Holds one connection to ``place``, of whatever kind. Safe to share between the tasks of one event loop.

    ``open_`` makes one or raises ``BrokerUnavailable``, and leaves nothing behind when it raises. ``close`` ends one;
    what it raises does not matter, and it gets two seconds. ``works`` says whether one can still be used.
    """

    def __init__(
        self,
        place: str,
        open_: Callable[[], Awaitable[T]],
        close: Callable[[T], Awaitable[object]],
        works: Callable[[T], bool],
    ) -> None:
        self._place = place
        self._open = open_
        self._close = close
        self._works = works
        self._current: T | None = None
        self._opening: Attempt[T] | None = None

    async def get(self) -> T:
        """The connection, opened if need be: whoever waits for it shares one attempt, and all get its error.

        When the last of them is cancelled, the attempt ends before this raises. Raises ``BrokerUnavailable`` if
        :meth:`close` ends it.
        """
        if self._current is not None and self._works(self._current):
            return self._current
        if self._opening is None or self._opening.is_over:
            self._opening = Attempt(self._place, self._reopen())
        return await self._opening.result()

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
        if self._opening is not None:
            await self._opening.end()
        await self.discard()

    async def _reopen(self) -> T:
        await self.discard()
        self._current = opened = await self._open()
        return opened


def _seen(task: asyncio.Task[T]) -> None:
    if not task.cancelled():
        task.exception()  # it has gone to all who wait; perhaps nobody does any more
