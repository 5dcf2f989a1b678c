"""The contract of everything that runs in the background."""

from __future__ import annotations

import abc
import asyncio
import signal
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Self
from weakref import WeakKeyDictionary

from cqrs._running import outside_turns

if TYPE_CHECKING:
    from collections.abc import Generator

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Service(abc.ABC):
    """A background service of one event loop: a relay, a consumer.

    :meth:`start` returns when it runs, :meth:`started` when it has done its first work or has seen that there is none,
    :meth:`stop` when what was under way is finished and everything it held is given back. Starting twice, stopping
    twice and stopping before the start do no harm; a service that was stopped can be started again. A service outlives
    outages by itself. An error that it cannot outlive ends it, and is raised by :meth:`run` and by :meth:`stop`.
    """

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._ending = asyncio.Event()

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._task is not None and not self._task.done()

    async def start(self) -> None:
        """Begin to work in the background."""
        if self.is_running:
            return
        self._ready, self._ending = asyncio.Event(), asyncio.Event()
        # It outlives the call that starts it, and what belongs to the turn of that.
        self._task = asyncio.create_task(self._work(), name=type(self).__qualname__, context=outside_turns())

    async def started(self) -> None:
        """Wait for the first work to be done. Returns at once if the service is not running."""
        if self._task is None:
            return
        ready = asyncio.create_task(self._ready.wait())
        try:
            await asyncio.wait([ready, self._task], return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()

    async def stop(self) -> None:
        """Finish what is under way, give back what is held, and end. Raises the error that ended the service."""
        task = self._task
        if task is None:
            return
        self._ending.set()
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            if not task.done():  # whoever waits was cancelled: it cannot wait for work to be finished either
                task.cancel()
                raise
            if is_cancelled():
                raise
        finally:
            if task.done() and self._task is task:  # or it has been started again since
                self._task = None

    async def run(self) -> None:
        """Work until the process gets SIGTERM or SIGINT, or this call is cancelled; then stop."""
        await self.start()
        assert self._task is not None  # noqa: S101  # it was started
        with _told_by_signals(self._ending):
            try:
                await asyncio.wait([self._task])
            finally:
                await self.stop()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def is_ending(self) -> bool:
        """Whether :meth:`stop` was called."""
        return self._ending.is_set()

    async def _pause(self, seconds: float) -> None:
        """Wait, unless the service ends."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ending.wait()

    @abc.abstractmethod
    async def _work(self) -> None:
        """Work until ``self._ending`` is set; set ``self._ready`` after the first work."""


def is_cancelled() -> bool:
    """Whether somebody has cancelled the task at work; else a ``CancelledError`` comes from what it waits for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


# A loop has one handler for each signal, and several services may run in it.
_running: WeakKeyDictionary[asyncio.AbstractEventLoop, list[asyncio.Event]] = WeakKeyDictionary()


@contextmanager
def _told_by_signals(ending: asyncio.Event) -> Generator[None]:
    """Set ``ending``, and that of every other service that runs in this loop, at SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    endings = _running.setdefault(loop, [])
    endings.append(ending)
    try:
        for number in _SIGNALS if len(endings) == 1 else ():
            with suppress(NotImplementedError, RuntimeError, ValueError):  # not in this thread, not on this system
                loop.add_signal_handler(number, _end, endings)
        yield
    finally:
        endings.remove(ending)
        for number in () if endings else _SIGNALS:
            with suppress(NotImplementedError, RuntimeError, ValueError):  # as above
                loop.remove_signal_handler(number)


def _end(endings: list[asyncio.Event]) -> None:
    for ending in endings:
        ending.set()
