"""Between steps 4 and 5, how whoever empties an outbox learns of work: the port, and the form for one process.

A wake-up is a hint. It may be lost, late or without a reason; nothing but speed depends on it, because what counts is
what the next poll finds.
"""

from __future__ import annotations

import abc
import asyncio
import threading
import uuid
import weakref
from typing import TYPE_CHECKING, Self

from typing_extensions import override

from cqrs._renamed import renamed_parameters

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Future


class WakeUps(abc.ABC):
    """Tells those who wait that messages may have been added.

    Give each relay one of its own: several tasks may wait for one object and are all woken, but a hint that comes while
    they work is kept for one of them only. To be waited for in one event loop; :meth:`announce` may be called in any.
    """

    @property
    @abc.abstractmethod
    def healthy(self) -> bool:
        """Whether, as far as it knows, it hears of every commit. Where it does not, poll as if there were no hints."""

    def announce(self) -> None:  # noqa: B027  # some hear of a commit from the database itself
        """Tell all who wait; called after a commit. Cheap, without waiting, and never raises."""

    @abc.abstractmethod
    async def wait(self, timeout: float) -> bool:  # noqa: ASYNC109  # it returns, and does not raise, when time is over
        """Return ``True`` when there may be work, ``False`` after ``timeout`` seconds.

        What was heard since the last call counts. Raises nothing if the way of the hints is broken: that is logged,
        and mended in the background.
        """

    async def start(self) -> None:  # noqa: B027  # some need nothing
        """Begin to listen, in the background. Safe to call again."""

    async def close(self) -> None:  # noqa: B027  # as above
        """Give back what listening takes. Safe to call again, and before :meth:`start`."""

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class HintedWakeUps(WakeUps):
    """What those share that are told by a call of :meth:`hint`."""

    def __init__(self) -> None:
        self._hinted = False
        self._waiters: set[Future[bool]] = set()
        self._loop: AbstractEventLoop | None = None

    def hint(self) -> None:
        """There may be work. May be called in any thread."""
        loop = self._loop
        if loop is None or loop is _running_loop():
            self._wake()
        elif not loop.is_closed():
            loop.call_soon_threadsafe(self._wake)

    @override
    async def wait(self, timeout: float) -> bool:  # as in the port
        self._loop = asyncio.get_running_loop()
        if not self._hinted:
            waiter: Future[bool] = self._loop.create_future()
            over = self._loop.call_later(timeout, _resolve, waiter, False)  # noqa: FBT003  # it is the answer
            self._waiters.add(waiter)
            try:
                if not await waiter:
                    return False
            finally:
                over.cancel()
                self._waiters.discard(waiter)
        self._hinted = False
        return True

    def _wake(self) -> None:
        self._hinted = True
        for waiter in self._waiters:
            _resolve(waiter, True)  # noqa: FBT003  # it is the answer


class Bell:
    """Wakes whoever listens to it in this process. It may be rung in any thread."""

    def __init__(self) -> None:
        self._listeners: weakref.WeakSet[HintedWakeUps] = weakref.WeakSet()
        self._lock = threading.Lock()
        self.name = uuid.uuid4().hex

    def ring(self) -> None:
        """Give a hint to all listeners."""
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            listener.hint()

    def add(self, listener: HintedWakeUps) -> None:
        """Let ``listener`` hear it, for as long as there is any other reference to it."""
        with self._lock:
            self._listeners.add(listener)


class LocalWakeUps(HintedWakeUps):
    """Wakes at once after each commit of this process.

    ``single_process``: whether no other process adds messages, as with an outbox in memory.
    """

    @renamed_parameters("LocalWakeUps", hears_all="single_process")
    def __init__(self, bell: Bell | None = None, *, single_process: bool = True) -> None:
        super().__init__()
        self._bell = bell or Bell()
        self._bell.add(self)
        self._single_process = single_process

    @property
    def healthy(self) -> bool:
        """Whether no other process can commit."""
        return self._single_process

    def announce(self) -> None:
        """Ring the bell."""
        self._bell.ring()


class NoWakeUps(WakeUps):
    """Hears nothing: for those who shall poll."""

    @property
    def healthy(self) -> bool:
        """Never."""
        return False

    async def wait(self, timeout: float) -> bool:  # noqa: ASYNC109  # as in the port
        """Sleep for ``timeout`` seconds."""
        await asyncio.sleep(timeout)
        return False


def _running_loop() -> AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _resolve(waiter: Future[bool], answer: bool) -> None:  # noqa: FBT001  # it is the answer
    if not waiter.done():
        waiter.set_result(answer)
