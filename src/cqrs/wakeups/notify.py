"""Wake-ups by LISTEN, on a PostgreSQL connection that those of one database share."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from typing_extensions import override

from cqrs.wakeups.listener import listener_of
from cqrs.wakeups.local import HintedWakeUps

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from cqrs.wakeups.announcing import Announcer
    from cqrs.wakeups.listener import DatabaseListener


class NotifyWakeUps(HintedWakeUps):
    """Woken by the :class:`Announcer` of each process, and by that of this process directly.

    The :class:`DatabaseListener` checks every ``interval`` seconds that notifications arrive within ``patience``.
    """

    def __init__(self, engine: Engine, announcer: Announcer, *, interval: float = 5.0, patience: float = 5.0) -> None:
        super().__init__()
        self.channel = announcer.channel
        self.interval = interval
        self.patience = patience
        self._engine = engine
        self._announcer = announcer
        self._listener: DatabaseListener | None = None
        announcer.bell.add(self)

    @property
    def healthy(self) -> bool:
        """Whether the channel is listened on, and notifications arrive there."""
        return self._listener is not None and self._listener.serves(self)

    @override
    def announce(self) -> None:
        self._announcer.announce()

    @override
    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        listener = listener_of(self._engine)
        before, self._listener = self._listener, listener
        listener.add(self)
        if before is not None and before is not listener:
            await before.remove(self)  # that of another event loop, or of the process before a fork

    @override
    async def close(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            await listener.remove(self)

    def notified(self, payload: str) -> None:
        """Wake the tasks that wait, unless the bell has woken them before, because the commit was in this process."""
        if payload != self._announcer.payload:
            self.hint()
