from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import make_url, select, text, update

from cqrs.migrations import upgrade
from cqrs.outbox.log.content import PREFIX
from cqrs.outbox.log.postgresql import PostgresLog
from cqrs.outbox.log.repository import PostgresLogOutboxedEventRepository
from cqrs.testing.conformance.outbox_log import LATE, DiversionConformance, OutboxLogConformance
from tests.integration.postgresql_log.conftest import libpq_words

if TYPE_CHECKING:
    import uuid
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable

    from cqrs.outbox.log.diversion import SqlAlchemyDiversion
    from tests.integration.postgresql_log.conftest import Database


class PostgresLogs:
    """Messages that are written by hand, so that transactions can overlap; others of another prefix are between."""

    def __init__(self, database: Database) -> None:
        self._database = database
        url = make_url(database.address)
        self._slot = f"slot_{url.database}"
        self._words = libpq_words(url)

    def log(self) -> PostgresLog:
        return PostgresLog(self._words, self._slot)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Callable[[bytes], Awaitable[None]], None]:
        emit = text("SELECT pg_logical_emit_message(true, :prefix, CAST(:content AS bytea))")
        async with self._database.sessions() as session, session.begin():

            async def write(content: bytes) -> None:
                await session.execute(emit, {"prefix": f"not {PREFIX}", "content": b"of somebody else"})
                await session.execute(emit, {"prefix": PREFIX, "content": content})

            yield write

    async def lose(self) -> None:
        from_slot = f"from pg_replication_slots where slot_name = '{self._slot}'"
        async with asyncio.timeout(LATE):
            while await self._database.run(f"select 1 {from_slot}"):
                await self._database.run(f"select pg_drop_replication_slot(slot_name) {from_slot} and not active")


class PostgresTable:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._outbox = PostgresLogOutboxedEventRepository(database.sessions)

    def diversion(self) -> SqlAlchemyDiversion:
        return self._outbox.diversion()

    async def rows(self) -> list[tuple[uuid.UUID, bool]]:
        model = self._outbox.model
        async with self._database.sessions() as session:
            found = await session.execute(select(model.message_id, model.parked_at).order_by(model.id))
            return [(row.message_id, row.parked_at is not None) for row in found]

    async def sent(self, message_id: uuid.UUID) -> None:
        model = self._outbox.model
        async with self._database.sessions() as session, session.begin():
            await session.execute(update(model).where(model.message_id == message_id).values(pending=None))


class TestPostgresLog(OutboxLogConformance):
    @pytest.fixture
    async def backend(self, database: Database) -> AsyncIterator[PostgresLogs]:
        logs = PostgresLogs(database)
        await logs.log().create()
        yield logs
        await logs.lose()


class TestPostgresDiversion(DiversionConformance):
    @pytest.fixture
    async def backend(self, database: Database) -> PostgresTable:
        await upgrade(database.engine, subjects=["log"])
        return PostgresTable(database)
