from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from cqrs.outbox import MemoryOutbox
from cqrs.outbox.event import EventStatus
from cqrs.outbox.log.memory import MemoryDiversion, MemoryLog, MemoryLogStore
from cqrs.testing.conformance.outbox_log import DiversionConformance, OutboxLogConformance

if TYPE_CHECKING:
    import uuid
    from collections.abc import AsyncGenerator, Awaitable, Callable


class MemoryLogs:
    def __init__(self) -> None:
        self._store = MemoryLogStore()
        self.log().create()

    def log(self) -> MemoryLog:
        return MemoryLog(self._store)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Callable[[bytes], Awaitable[None]], None]:
        contents: list[bytes] = []

        async def write(content: bytes) -> None:
            contents.append(content)

        yield write
        self._store.commit(*contents)

    async def lose(self) -> None:
        self._store.confirmed.clear()


class MemoryTable:
    def __init__(self) -> None:
        self._store = MemoryOutbox()
        self._diversion = MemoryDiversion(self._store)

    def diversion(self) -> MemoryDiversion:
        return self._diversion

    async def rows(self) -> list[tuple[uuid.UUID, bool]]:
        return [(row.new.envelope.message_id, row.parked_at is not None) for row in self._store.rows.values()]

    async def sent(self, message_id: uuid.UUID) -> None:
        (row,) = (row for row in self._store.rows.values() if row.new.envelope.message_id == message_id)
        row.end(EventStatus.PRODUCED, self._store.now())


class TestMemoryLog(OutboxLogConformance):
    @pytest.fixture
    async def backend(self) -> MemoryLogs:
        return MemoryLogs()


class TestMemoryDiversion(DiversionConformance):
    @pytest.fixture
    def backend(self) -> MemoryTable:
        return MemoryTable()
