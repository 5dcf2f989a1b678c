"""How many statements a message costs on PostgreSQL, as the driver counts them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from cqrs.events.registry import EventRegistry
from cqrs.outbox.queue import Outcome
from cqrs.outbox.rows import PARTITIONS
from cqrs.testing.conformance.outbox import Numbered, numbered

if TYPE_CHECKING:
    from cqrs.outbox.sqlalchemy.repository import SqlAlchemyOutboxedEventRepository
    from tests.integration.sqlalchemy.backends import SqlBackend


@pytest.fixture
def statements(postgres_backend: SqlBackend) -> list[str]:
    """The first word of each statement on connections that are opened from now on."""
    told: list[str] = []

    @event.listens_for(postgres_backend.engine.sync_engine, "connect")
    def _listen(connection: Any, _record: Any) -> None:
        connection.driver_connection.add_query_logger(lambda query: told.append(query.query.split()[0].rstrip(";")))

    return told


@pytest.fixture
async def outbox(postgres_backend: SqlBackend, statements: list[str]) -> SqlAlchemyOutboxedEventRepository:
    await postgres_backend.engine.dispose()  # those that are made now are counted
    registry = EventRegistry()
    registry.register(Numbered, "numbered")
    return postgres_backend.repository(registry=registry, notify=False)


async def test_adding_costs_one_insert_and_one_commit_for_any_number_of_messages(
    outbox: SqlAlchemyOutboxedEventRepository, postgres_backend: SqlBackend
) -> None:
    told: list[str] = []
    engine = postgres_backend.engine.sync_engine
    event.listen(engine, "before_cursor_execute", lambda _c, _u, statement, *_: told.append(statement.split()[0]))
    event.listen(engine, "commit", lambda _connection: told.append("COMMIT"))
    for count in (1, 300):
        told.clear()
        async with outbox as session:
            for number in range(count):
                outbox.add(session, numbered(number), key="key")
            await outbox.commit(session)
        assert told == ["INSERT", "COMMIT"]


async def test_a_batch_of_a_relay_costs_one_statement_to_take_and_one_to_settle(
    outbox: SqlAlchemyOutboxedEventRepository, statements: list[str]
) -> None:
    async with outbox as session:
        for number in range(300):
            outbox.add(session, numbered(number), key=f"key {number % 50}")
        await outbox.commit(session)
    queue = outbox.queue()
    held = await queue.leases.keep(queue.scope, "relay", count=PARTITIONS, ttl=60.0)
    (first, *_) = await queue.take(list(held.fences), 1)  # the first time, a connection sets itself up
    assert await queue.settle(held.fences, Outcome([first])) == 1
    statements.clear()
    taken = await queue.take(list(held.fences), 1_000)
    assert len(taken) == 299
    assert statements == ["SELECT"]
    statements.clear()
    assert await queue.settle(held.fences, Outcome(taken)) == 299
    assert statements == ["UPDATE"]
    statements.clear()
    assert await queue.take(list(held.fences), 1_000) == []
    assert statements == ["SELECT"]
