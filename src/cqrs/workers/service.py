"""The base class of all background services: start, stop and signals."""

from __future__ import annotations

import abc
import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol, Self

from cqrs._logging.outages import OutageLog
from cqrs._logging.texts import describe_error
from cqrs._tasks.cancellation import is_cancelled
from cqrs._tasks.running import context_without_turn
from cqrs.errors.databases import MigrationNeeded
from cqrs.errors.workers import CORRECT, WorkerCannotStart
from cqrs.workers.signals import called_at_signals

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cqrs.backoff import Backoff

logger = logging.getLogger("cqrs")


class OutagePolicy(Protocol):
    """The settings of a policy for outages."""

    @property
    def outage_backoff(self) -> Backoff:
        """The pauses between attempts during an outage."""
        ...

    @property
    def remind_every(self) -> float:
        """After how many seconds to log again that an outage lasts."""
        ...


class Service(abc.ABC):
    """A background service of one event loop: a relay or a consumer.

    :meth:`start` returns when it runs, :meth:`started` when it has done its first work or found that there is none,
    :meth:`stop` when the work under way is finished and all leases and messages are given back. Starting twice,
    stopping twice and stopping before the start do no harm; a stopped service can be started again. A service survives
    outages by itself. An error that it cannot survive ends it, is logged at once, and is raised by :meth:`run` and by
    :meth:`stop`.
    """

    wait_at_start: bool = True
    """Whether :meth:`run` waits for a broker or database that is away at the start."""

    _is_part = False
    """Whether it is a part of another service, which logs the start and the stop of both."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._ending = asyncio.Event()
        self._must_reach = False
        self._in_hand = 0  # messages that are being worked on

    def __str__(self) -> str:
        return type(self).__qualname__

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._task is not None and not self._task.done()

    async def start(self) -> None:
        """Start to work in the background."""
        if self.is_running:
            return
        self._ready, self._ending = asyncio.Event(), asyncio.Event()
        # The task outlives the call that starts it, so it must not see the context of the turn of that call.
        self._task = asyncio.create_task(self._work(), name=type(self).__qualname__, context=context_without_turn())
        self._task.add_done_callback(self._has_ended)

    async def started(self) -> None:
        """Wait for the end of the first work. Returns at once if the service was not started."""
        if self._task is None:
            return
        ready = asyncio.create_task(self._ready.wait())
        try:
            await asyncio.wait([ready, self._task], return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()

    async def stop(self) -> None:
        """Finish the work under way, give back what is held, and end. Raises the error that ended the service."""
        task = self._task
        if task is None:
            return
        self._end()
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            if not task.done():  # the caller was cancelled: it cannot wait until the work is finished, either
                task.cancel()
                raise
            if is_cancelled():
                raise
        finally:
            if task.done() and self._task is task:  # else it has been started again since
                self._task = None

    async def run(self) -> None:
        """Work until the process gets SIGTERM or SIGINT, or this call is cancelled; then stop.

        Other handlers of these signals, such as those of a web server in the same process, are called too. Raises
        ``WorkerCannotStart`` if a broker or database is away at the start, unless ``wait_at_start`` of the policy is
        true.
        """
        self._must_reach = not self.wait_at_start and not self.is_running
        await self.start()
        assert self._task is not None  # noqa: S101  # it was started
        with called_at_signals(self._end):
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

    def _outage_log(self, policy: OutagePolicy, fails: str = "waits for", recovers: str = "goes on") -> OutageLog:
        return OutageLog(
            lambda: str(self),
            fails=fails,
            recovers=recovers,
            backoff=policy.outage_backoff,
            remind_every=policy.remind_every,
        )

    def _refuse_start(self, error: BaseException | None, missing: str = "") -> None:
        """Raise ``WorkerCannotStart`` because of ``missing``, if the service is starting and must not wait."""
        if self._must_reach and not self._ready.is_set():
            remedy = "" if isinstance(error, MigrationNeeded) else CORRECT
            reason = describe_error(error)
            is_named = not missing or missing.rsplit(maxsplit=1)[-1] in reason  # the reason has the address
            raise WorkerCannotStart(str(self), reason if is_named else f"{missing}: {reason}", remedy) from error

    async def _connect_first(self, connect: Callable[[], Awaitable[object]], seconds: float = 30.0) -> None:
        """Call ``connect``, if the service must not wait at the start. Raises ``WorkerCannotStart`` if that fails."""
        if not self._must_reach:
            return
        try:
            async with asyncio.timeout(seconds):
                await connect()
        except Exception as error:  # noqa: BLE001  # whatever a driver raises
            self._refuse_start(error)

    def _end(self) -> None:
        """Let the work end, and log that, with the number of messages that are finished before."""
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
        """Wait for so many seconds, or until the service is to end."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ending.wait()

    @abc.abstractmethod
    async def _work(self) -> None:
        """Work until ``self._ending`` is set; set ``self._ready`` after the first work."""
