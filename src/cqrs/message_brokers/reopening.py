"""A connection that is opened when it is needed, and again after it has broken."""

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

_AGAIN = 1.0  # seconds between two attempts to cancel, so that the first can clean up
_CLOSING = 2.0  # seconds; a server that hangs must not delay its caller any longer


class Attempt(Generic[T]):
    """An attempt to open a connection to ``place``, shared by the tasks that wait for it, cancelled with the last."""

    def __init__(self, place: str, what: Coroutine[Any, Any, T]) -> None:
        self._place = place
        self.loop = asyncio.get_running_loop()
        self._task = self.loop.create_task(what, context=context_without_turn())
        self._task.add_done_callback(_mark_retrieved)
        self._waiting = 0

    @property
    def is_over(self) -> bool:
        """Whether it has succeeded, failed or was ended."""
        return self._task.done()

    async def result(self) -> T:
        """The connection. Raises the error of the attempt, and ``BrokerUnavailable`` if the attempt was ended.

        If the last waiting task is cancelled, the attempt ends before this raises.
        """
        self._waiting += 1
        try:
            return await asyncio.shield(self._task)  # a cancelled task does not end it for the others
        except asyncio.CancelledError:
            if is_cancelled():
                raise
            raise BrokerUnavailable(self._place, "it was closed while it was being opened") from None
        finally:
            self._waiting -= 1
            if not self._waiting:
                await self.end()

    async def end(self) -> None:
        """Cancel it, and wait until it is over. Safe to call again."""
        while not self._task.done():
            self._task.cancel()  # a cancellation is lost if the awaited call ends at the same moment
            await asyncio.wait([self._task], timeout=_AGAIN)


class Reopening(Generic[T]):
    """Holds one connection to ``place``, of any type. Safe to share between the tasks of one event loop.

    ``open_`` opens a connection or raises ``BrokerUnavailable``, and leaves nothing open when it raises. ``close``
    closes one: it gets two seconds, and its errors are ignored. ``works`` returns whether one can still be used.
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
        """The connection, opened if necessary: concurrent callers share one attempt, and all get its error.

        If the last caller is cancelled, the attempt ends before this raises. Raises ``BrokerUnavailable`` if
        :meth:`close` ends the attempt.
        """
        if self._current is not None and self._works(self._current):
            return self._current
        if self._opening is None or self._opening.is_over:
            self._opening = Attempt(self._place, self._reopen())
        return await self._opening.result()

    async def discard(self, connection: T | None = None) -> None:
        """Close it at once, even if it is in use; if ``connection`` is given, only if it still is the current one."""
        current = self._current
        if current is None or (connection is not None and connection is not current):
            return
        self._current = None
        with contextlib.suppress(Exception):
            async with asyncio.timeout(_CLOSING):
                await self._close(current)

    async def close(self) -> None:
        """Close it. Safe to call again; :meth:`get` opens another."""
        if self._opening is not None:
            await self._opening.end()
        await self.discard()

    async def _reopen(self) -> T:
        await self.discard()
        self._current = opened = await self._open()
        return opened


def _mark_retrieved(task: asyncio.Task[T]) -> None:
    if not task.cancelled():
        task.exception()  # or asyncio logs it, if no task waits any more
