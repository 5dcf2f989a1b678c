"""Wake-ups by a call, and between the tasks and threads of one process."""

from __future__ import annotations

import asyncio
import threading
import uuid
import weakref
from typing import TYPE_CHECKING

from typing_extensions import override

from cqrs._renamed import renamed_parameters
from cqrs.wakeups.protocol import WakeUps

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Future


class HintedWakeUps(WakeUps):
    """Wake-ups that :meth:`hint` wakes."""

    def __init__(self) -> None:
        self._hinted = False
        self._waiters: set[Future[bool]] = set()
        self._loop: AbstractEventLoop | None = None

    def hint(self) -> None:
        """Wake the tasks that wait, or the next one that will. May be called in any thread."""
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
    """Wakes all its listeners in this process. It may be rung in any thread."""

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
        """Wake ``listener`` from now on, for as long as there is any other reference to it."""
        with self._lock:
            self._listeners.add(listener)


class LocalWakeUps(HintedWakeUps):
    """Wakes at once after each commit of this process.

    ``single_process``: whether no other process can commit, as with a store in memory.
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


def _running_loop() -> AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _resolve(waiter: Future[bool], answer: bool) -> None:  # noqa: FBT001  # it is the answer
    if not waiter.done():
        waiter.set_result(answer)
