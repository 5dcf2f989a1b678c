"""Steps 5 and 6, what connects when it is needed, and again after it has broken."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")

_GOODBYE = 2.0  # a server that hangs must not hold up who has given up on it


@dataclasses.dataclass(eq=False, slots=True)
class _Attempt(Generic[T]):
    task: asyncio.Task[T]
    waiting: int = 0


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
        self._opening: _Attempt[T] | None = None

    async def get(self) -> T:
        """The connection, opened if need be: whoever waits for it shares one attempt, and all get its error.

        When the last of them is cancelled, the attempt ends before this raises.
        """
        if self._current is not None and self._works(self._current):
            return self._current
        if self._opening is None or self._opening.task.done():
            self._opening = _Attempt(asyncio.create_task(self._reopen()))
            self._opening.task.add_done_callback(_seen)
        attempt = self._opening
        attempt.waiting += 1
        try:
            return await asyncio.shield(attempt.task)  # who gives up does not end the attempt of the others
        finally:
            attempt.waiting -= 1
            if not attempt.waiting:
                await _ended(attempt.task)

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
            await _ended(self._opening.task)
        await self.discard()

    async def _reopen(self) -> T:
        await self.discard()
        self._current = opened = await self._open()
        return opened


async def _ended(task: asyncio.Task[T]) -> None:
    if not task.done():
        task.cancel()
        await asyncio.wait([task])


def _seen(task: asyncio.Task[T]) -> None:
    if not task.cancelled():
        task.exception()  # it has gone to all who wait; perhaps nobody does any more
