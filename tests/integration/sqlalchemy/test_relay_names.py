"""Relays of tables with unusual names, over an engine with one connection for everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from cqrs.events.registry import EventRegistry
from cqrs.message_brokers.memory.broker import MemoryMessageBroker
from cqrs.outbox.sqlalchemy.repository import OutboxModelMixin
from cqrs.testing.conformance.outbox import Numbered, numbered
from cqrs.workers.relay.outbox_relay import OutboxRelay
from tests.helpers.databases import KINDS, for_each
from tests.helpers.waiting import until
from tests.integration.sqlalchemy.backends import SqlBackend

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from cqrs.outbox.sqlalchemy.repository import SqlAlchemyOutboxedEventRepository

LATE = 15.0
"""Seconds that only a test waits that is about to fail."""

NAMES = ["Outbox", "order", "my outbox", "out.box", "Größe", 'qu"ote', "back`tick", "per%sent", "co:lon"]
backend = for_each(KINDS, "backend")


@pytest.fixture
async def small(backend: SqlBackend) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(backend.engine.url, pool_size=1, max_overflow=0, pool_timeout=5)
    yield engine
    await engine.dispose()


async def outbox_in(engine: AsyncEngine, table: str, schema: str | None = None) -> SqlAlchemyOutboxedEventRepository:
    base = type("Base", (DeclarativeBase,), {"metadata": MetaData(schema=schema)})
    model: Any = type("Model", (OutboxModelMixin, base), {"__tablename__": table})
    async with engine.begin() as connection:
        if schema is not None:
            await connection.exec_driver_sql(f"create schema {schema}")
        await connection.run_sync(model.metadata.create_all)
    registry = EventRegistry()
    registry.register(Numbered, "numbered")
    return SqlBackend(engine).repository(registry=registry, model=model)


async def fill(outbox: SqlAlchemyOutboxedEventRepository) -> None:
    async with outbox as session:
        for number in range(20):
            outbox.add(session, numbered(number), key=f"key {number % 3}")
        await outbox.commit(session)


async def sent(broker: MemoryMessageBroker, count: int) -> None:
    await until(lambda: len(broker.sent) >= count)


@pytest.mark.parametrize("table", NAMES)
async def test_a_relay_empties_a_table_of_any_name_with_one_connection(small: AsyncEngine, table: str) -> None:
    outbox, broker = await outbox_in(small, table), MemoryMessageBroker()
    await fill(outbox)
    async with OutboxRelay(outbox, broker):
        await sent(broker, 20)
        await fill(outbox)
        await sent(broker, 40)


@pytest.mark.server
async def test_tables_of_one_name_in_two_schemas_have_relays_of_their_own(postgres_backend: SqlBackend) -> None:
    engine = postgres_backend.engine
    outboxes = [await outbox_in(engine, "outbox", schema) for schema in ("one", "two")]
    brokers = [MemoryMessageBroker(), MemoryMessageBroker()]
    for outbox in outboxes:
        await fill(outbox)
    async with OutboxRelay(outboxes[0], brokers[0]), OutboxRelay(outboxes[1], brokers[1]):
        await sent(brokers[0], 20)
        await sent(brokers[1], 20)
