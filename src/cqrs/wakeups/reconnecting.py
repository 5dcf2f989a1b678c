"""Between steps 4 and 5, hints that come over a connection, which can break."""

from __future__ import annotations

import abc
import asyncio

from cqrs._logging.outages import OutageLog
from cqrs._tasks.cancellation import cancel_and_wait
from cqrs._tasks.running import context_without_turn
from cqrs.backoff import Backoff
from cqrs.wakeups.protocol import HintedWakeUps

_BACKOFF = Backoff(first=0.1, longest=5.0, jitter=0.5)
_HOPELESS = 60.0  # seconds


class CannotListen(Exception):
    """Trying again at once is of no use: somebody has to change something. The text says what."""


class MendingWakeUps(HintedWakeUps):
    """Listens in the background; when that fails, says so once in the log and tries again, with growing pauses.

    ``healthy`` while it listens, and has seen that what is said is heard.
    """

    def __init__(self, subject: str) -> None:
        super().__init__()
        self._subject = subject
        self._task: asyncio.Task[None] | None = None
        self._healthy = False
        self._outages = OutageLog(
            subject, fails="is not heard, polling instead", recovers="is heard again", backoff=_BACKOFF
        )

    @property
    def healthy(self) -> bool:
        """Whether it hears."""
        return self._healthy

    async def start(self) -> None:
        """Listen from now on."""
        if self._task is None or self._task.done():
            self._loop = asyncio.get_running_loop()
            self._task = asyncio.create_task(self._keep_listening(), name=self._subject, context=context_without_turn())

    async def close(self) -> None:
        """Stop listening, and give the connection back."""
        task, self._task = self._task, None
        if task is not None:
            await cancel_and_wait([task])

    @abc.abstractmethod
    async def _listen(self) -> None:
        """Connect, call :meth:`_hears` when nothing is missed any more, and :meth:`hint`, until it breaks: then raise.

        Must leave nothing behind, also when it is cancelled.
        """

    def _hears(self) -> None:
        """What is committed from now on is heard."""
        if self._healthy:
            return
        self._outages.over()
        self._healthy = True
        self.hint()  # nobody has told what was committed in the meantime

    async def _keep_listening(self) -> None:
        while True:
            try:
                await self._listen()
            except Exception as error:  # noqa: BLE001  # whatever a driver raises; polling goes on
                needs_change = isinstance(error, CannotListen)
                pause = self._outages.failed(str(error) if needs_change else error)
                if needs_change:
                    pause = _HOPELESS
            else:
                pause = self._outages.failed("it has ended")
            finally:
                self._healthy = False
            await asyncio.sleep(pause)
