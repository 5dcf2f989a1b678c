"""Wake-ups that come over a connection, which can break."""

from __future__ import annotations

import abc
import asyncio

from typing_extensions import override

from cqrs._logging.outages import OutageLog
from cqrs._tasks.cancellation import cancel_and_wait
from cqrs._tasks.running import context_without_turn
from cqrs.backoff import Backoff
from cqrs.wakeups.local import HintedWakeUps

_BACKOFF = Backoff(first=0.1, longest=5.0, jitter=0.5)
_HOPELESS = 60.0  # seconds


class CannotListen(Exception):
    """To connect again soon is of no use: an operator has to change what the text names."""


class ReconnectingWakeUps(HintedWakeUps):
    """Listens in the background; when that fails, logs it once and connects again, after growing pauses.

    ``healthy`` while it listens, and has seen that notifications arrive.
    """

    def __init__(self, subject: str) -> None:
        super().__init__()
        self._subject = subject
        self._task: asyncio.Task[None] | None = None
        self._healthy = False
        self._outages = OutageLog(subject, fails="fails, polling instead", recovers="works again", backoff=_BACKOFF)

    @property
    def healthy(self) -> bool:
        """Whether notifications arrive."""
        return self._healthy

    @override
    async def start(self) -> None:
        if self._task is None or self._task.done():
            self._loop = asyncio.get_running_loop()
            self._task = asyncio.create_task(self._keep_listening(), name=self._subject, context=context_without_turn())

    @override
    async def close(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            await cancel_and_wait([task])

    @abc.abstractmethod
    async def _listen(self) -> None:
        """Connect, call :meth:`_arrives` once notifications arrive, and :meth:`hint` for each; raise when it breaks.

        Must close the connection in any case, also when it is cancelled.
        """

    def _arrives(self) -> None:
        """Note that notifications of all commits from now on arrive."""
        if self._healthy:
            return
        self._outages.over()
        self._healthy = True
        self.hint()  # what was committed in the meantime was not notified

    async def _keep_listening(self) -> None:
        while True:
            try:
                await self._listen()
            except Exception as error:  # noqa: BLE001  # each error that a driver may raise; polling goes on
                needs_change = isinstance(error, CannotListen)
                pause = self._outages.failed(str(error) if needs_change else error)
                if needs_change:
                    pause = _HOPELESS
            else:
                pause = self._outages.failed("it has ended")
            finally:
                self._healthy = False
            await asyncio.sleep(pause)
