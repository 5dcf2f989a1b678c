"""Listening in the background over a connection that can break."""

from __future__ import annotations

import abc
import asyncio
from contextvars import Context
from typing import NoReturn

from cqrs._logging.outages import OutageLog
from cqrs.backoff import Backoff

_BACKOFF = Backoff(first=0.1, longest=5.0, jitter=0.5)
_HOPELESS = 60.0  # seconds


class CannotListen(Exception):
    """To connect again soon is of no use: an operator has to change what the text names."""


class Reconnecting(abc.ABC):
    """Listens in one task; when that fails, logs it once and connects again, after growing pauses."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None
        self._outages = OutageLog(
            self._subject, fails="fails, polling instead", recovers="works again", backoff=_BACKOFF
        )

    def _start(self) -> None:
        """Start the task, if it does not run."""
        if self._task is None or self._task.done():
            # In an empty context, because it belongs to no turn, request or unit of work.
            self._task = self._loop.create_task(self._keep_listening(), name=self._subject(), context=Context())

    def _stop(self) -> list[asyncio.Task[None]]:
        """Cancel the task; return it, if there is one, for the caller to wait for its end."""
        task, self._task = self._task, None
        if task is None:
            return []
        task.cancel()
        return [task]

    @abc.abstractmethod
    def _subject(self) -> str:
        """Return what log lines begin with."""

    @abc.abstractmethod
    async def _listen(self) -> NoReturn:
        """Connect, and call ``self._outages.over()`` once notifications arrive; raise when the connection breaks.

        Must close the connection in any case, also when it is cancelled.
        """
        raise NotImplementedError

    @abc.abstractmethod
    def _broken(self) -> None:
        """Note that no notifications arrive any more."""

    async def _keep_listening(self) -> None:
        while True:
            try:
                await self._listen()
            except CannotListen as error:
                self._outages.failed(str(error))
                pause = _HOPELESS
            except Exception as error:  # noqa: BLE001  # each error that a driver may raise; polling goes on
                pause = self._outages.failed(error)
            finally:
                self._broken()
            await asyncio.sleep(pause)
