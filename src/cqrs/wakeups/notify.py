"""Wake-ups by LISTEN, on a PostgreSQL connection of their own."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from sqlalchemy.ext.asyncio import AsyncEngine
from typing_extensions import override

from cqrs.wakeups.announcing import notify
from cqrs.wakeups.reconnecting import CannotListen, ReconnectingWakeUps

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from sqlalchemy import Engine

    from cqrs.wakeups.announcing import Announcer

_ECHO = "echo:"
_UNSENT = 3  # failures in a row to send an echo, as when all connections of the pool are in use


class NotifyWakeUps(ReconnectingWakeUps):
    """Woken by the :class:`Announcer` of each process, and by that of this process directly.

    Every ``interval`` seconds it notifies itself over another connection. If that does not arrive within ``patience``
    seconds, the connection is dead without an error, or something in between, such as a pooler of transactions, has
    swallowed the LISTEN. Then it connects again.
    """

    def __init__(self, engine: Engine, announcer: Announcer, *, interval: float = 5.0, patience: float = 5.0) -> None:
        super().__init__(f"LISTEN {announcer.channel}")
        self._engine = engine
        self._announcer = announcer
        self._interval = interval
        self._patience = patience
        self._expected = ""
        self._echoed = asyncio.Event()
        announcer.bell.add(self)

    @override
    def announce(self) -> None:
        self._announcer.announce()

    async def _listen(self) -> None:
        lost = asyncio.Event()

        def end(_connection: object) -> None:
            lost.set()

        async with self._connection() as driver:
            driver.add_termination_listener(end)
            async with asyncio.timeout(self._patience):
                await driver.add_listener(self._announcer.channel, self._notified)
            unsent = 0
            while not lost.is_set():
                try:
                    await self._notify_itself()
                except Exception:
                    unsent += 1
                    if unsent == _UNSENT:
                        raise
                else:
                    unsent = 0
                    async with asyncio.timeout(self._patience):
                        await self._echoed.wait()
                    self._arrives()
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._interval):
                        await lost.wait()
        raise ConnectionError("the connection was closed")

    async def _notify_itself(self) -> None:
        self._expected = f"{_ECHO}{uuid.uuid4().hex}"
        self._echoed.clear()
        async with asyncio.timeout(self._patience):
            await notify(self._engine, self._announcer.channel, self._expected)

    def _notified(self, _connection: Any, _pid: int, _channel: str, payload: str) -> None:
        if payload == self._expected:
            self._echoed.set()
        elif not payload.startswith(_ECHO) and payload != self._announcer.payload:
            self.hint()

    @asynccontextmanager
    async def _connection(self) -> AsyncGenerator[Any, None]:
        """A connection as the engine makes it, which the pool does not count."""
        async with asyncio.timeout(self._patience):
            connection = await AsyncEngine(self._engine).connect()
        try:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            await connection.run_sync(lambda sync: sync.detach())
            if not hasattr(driver, "add_listener"):
                raise CannotListen("it needs the driver asyncpg, postgresql+asyncpg://...")
            try:
                yield driver
            finally:
                driver.terminate()  # a dead connection would not answer an orderly close
        finally:
            await connection.invalidate()
            await connection.close()
