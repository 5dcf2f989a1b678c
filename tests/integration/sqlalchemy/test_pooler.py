"""O8: between an outbox and PostgreSQL, a real pooler hands each transaction another connection."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import NullPool
from sqlalchemy.ext.asyncio import create_async_engine

import cqrs.migrations
from cqrs.events.registry import EventRegistry
from cqrs.message_brokers.memory.broker import MemoryMessageBroker
from cqrs.testing.conformance.outbox import Numbered, numbered
from cqrs.workers import OutboxRelay
from tests.helpers.waiting import until
from tests.integration.sqlalchemy.backends import SqlBackend

if TYPE_CHECKING:
    from cqrs.outbox.sqlalchemy.repository import SqlAlchemyOutboxedEventRepository

COUNT = 500
KEYS = 5


def through_pooler(address: str) -> SqlBackend:
    """As the documentation says: no statement outlives its transaction, and the pool is the pooler's."""
    options = {"statement_cache_size": 0, "prepared_statement_name_func": lambda: f"s_{uuid.uuid4().hex}"}
    return SqlBackend(create_async_engine(address, poolclass=NullPool, connect_args=options))


async def add(outbox: SqlAlchemyOutboxedEventRepository, key: int) -> None:
    """The messages of one key, five in a transaction."""
    for first in range(key, COUNT, 5 * KEYS):
        async with outbox as session:
            for number in range(first, first + 5 * KEYS, KEYS):
                outbox.add(session, numbered(number), key=f"key {key}")
            await outbox.commit(session)


@pytest.mark.parametrize("wake_up", ["poll", "notify", "auto"])
async def test_relays_behind_a_pooler_deliver_in_order_however_they_are_woken(pgbouncer_url: str, wake_up: str) -> None:
    backend = through_pooler(pgbouncer_url)
    await cqrs.migrations.upgrade(backend.engine)
    registry = EventRegistry()
    registry.register(Numbered, "numbered")
    outbox, broker = backend.repository(registry=registry, keep_produced=False), MemoryMessageBroker()
    async with OutboxRelay(outbox, broker, wake_up=wake_up), OutboxRelay(outbox, broker, wake_up=wake_up):
        await asyncio.gather(*(add(outbox, key) for key in range(KEYS)))
        await until(lambda: len(broker.sent) >= COUNT)
    numbers = [message.to_envelope().json()["payload"] for message in broker.sent]
    for key in range(KEYS):
        assert [number for number in numbers if number % KEYS == key] == list(range(key, COUNT, KEYS))
    await backend.engine.dispose()
