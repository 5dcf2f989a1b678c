"""The contract of everything that runs in the background."""

from __future__ import annotations

import abc
import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from cqrs._logging.texts import describe_error
from cqrs._tasks.cancellation import is_cancelled
from cqrs._tasks.running import context_without_turn
from cqrs.errors.databases import MigrationNeeded
from cqrs.errors.workers import CORRECT, WorkerCannotStart
from cqrs.workers.signals import told_by_signals

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

logger = logging.getLogger("cqrs")


class Service(abc.ABC):
    """A background service of one event loop: a relay, a consumer.

    :meth:`start` returns when it runs, :meth:`started` when it has done its first work or has seen that there is none,
    :meth:`stop` when what was under way is finished and everything it held is given back. Starting twice, stopping
    twice and stopping before the start do no harm; a service that was stopped can be started again. A service outlives
    outages by itself. An error that it cannot outlive ends it, is logged at once, and is raised by :meth:`run` and by
    :meth:`stop`.
    """

    wait_at_start: bool = True
    """Whether :meth:`run` waits for what cannot be reached when it begins."""

    _is_part = False
    """Whether it belongs to another service, in whose log lines it has its place."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._ending = asyncio.Event()
        self._must_reach = False
        self._in_hand = 0  # messages

    def __str__(self) -> str:
        return type(self).__qualname__

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
        self._task = asyncio.create_task(self._work(), name=type(self).__qualname__, context=context_without_turn())
        self._task.add_done_callback(self._has_ended)

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
        self._end()
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
        """Work until the process gets SIGTERM or SIGINT, or this call is cancelled; then stop.

        Other handlers of these signals, such as those of a web server in the same process, are called too. Raises
        ``WorkerCannotStart`` if something cannot be reached when it begins, unless the policy says ``wait_at_start``.
        """
        self._must_reach = not self.wait_at_start and not self.is_running
        await self.start()
        assert self._task is not None  # noqa: S101  # it was started
        with told_by_signals(self._end):
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

    def _refused(self, error: BaseException | None, away: str = "") -> None:
        """``away``, which the work needs, is not there. Raises ``WorkerCannotStart`` if that is no time to wait."""
        if self._must_reach and not self._ready.is_set():
            remedy = "" if isinstance(error, MigrationNeeded) else CORRECT
            reason = describe_error(error)
            known = not away or away.rsplit(maxsplit=1)[-1] in reason  # it has the address
            raise WorkerCannotStart(str(self), reason if known else f"{away}: {reason}", remedy) from error

    async def _reached(self, connect: Callable[[], Awaitable[object]], seconds: float = 30.0) -> None:
        """Look whether something can be reached, if that is no time to wait. Raises ``WorkerCannotStart``."""
        if not self._must_reach:
            return
        try:
            async with asyncio.timeout(seconds):
                await connect()
        except Exception as error:  # noqa: BLE001  # whatever it is, it cannot be reached
            self._refused(error)

    def _end(self) -> None:
        """Let the work end; the log says so, and how much of it is still to be finished."""
        if self.is_running and not self.is_ending and not self._is_part:
            finishes = f", finishes {self._in_hand:,} message{'s' * (self._in_hand != 1)}" if self._in_hand else ""
            logger.info("%s stops%s", self, finishes)
        self._ending.set()

    def _has_ended(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if isinstance(error, WorkerCannotStart):
            logger.error("%s", describe_error(error))
        elif error is not None:
            logger.error("%s has ended: %s", self, describe_error(error), exc_info=error)
        elif not self._is_part:
            logger.info("%s %s", self, "was cancelled" if task.cancelled() else "has stopped")
        self._in_hand = 0

    async def _pause(self, seconds: float) -> None:
        """Wait, unless the service ends."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ending.wait()

    @abc.abstractmethod
    async def _work(self) -> None:
        """Work until ``self._ending`` is set; set ``self._ready`` after the first work."""
