"""What becomes of the connections of a relay on PostgreSQL, which it uses past SQLAlchemy."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event, make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from cqrs.events.registry import EventRegistry
from cqrs.outbox.queue import Outcome
from cqrs.outbox.rows import PARTITIONS
from cqrs.testing.conformance.outbox import Numbered, numbered
from tests.integration.postgresql_log.proxy import proxy_to
from tests.integration.sqlalchemy.backends import SqlBackend

if TYPE_CHECKING:
    from typing import Any

    from cqrs.outbox.queue import OutboxQueue
    from cqrs.outbox.sqlalchemy.repository import SqlAlchemyOutboxedEventRepository

EVERY = list(range(PARTITIONS))
pytestmark = pytest.mark.server


def outbox_over(engine: AsyncEngine) -> SqlAlchemyOutboxedEventRepository:
    registry = EventRegistry()
    registry.register(Numbered, "numbered")
    return SqlBackend(engine).repository(registry=registry, notify=False)


async def fill(outbox: SqlAlchemyOutboxedEventRepository, *numbers: int) -> None:
    async with outbox as session:
        for number in numbers:
            outbox.add(session, numbered(number), key=f"key {number}")
        await outbox.commit(session)


async def all_of(queue: OutboxQueue) -> dict[int, int]:
    return dict((await queue.leases.keep(queue.scope, "relay", count=PARTITIONS, ttl=60.0)).fences)


@pytest.fixture
async def small(postgres_backend: SqlBackend) -> Any:
    """An engine with one connection for everything."""
    engine = create_async_engine(postgres_backend.engine.url, pool_size=1, max_overflow=0, pool_timeout=30)
    yield engine
    await engine.dispose()


async def test_settled_messages_stay_settled_if_each_transaction_begins_with_a_statement_of_the_user(
    postgres_backend: SqlBackend, small: AsyncEngine
) -> None:
    @event.listens_for(small.sync_engine, "begin")
    def _tenant(connection: Any) -> None:
        connection.exec_driver_sql("SET LOCAL my.tenant = 'one'")

    outbox = outbox_over(small)
    await fill(outbox, 1, 2, 3)
    queue = outbox.queue()
    fences = await all_of(queue)
    taken = await queue.take(EVERY, 10)
    assert await queue.settle(fences, Outcome(taken)) == 3
    assert await outbox_over(postgres_backend.engine).queue().take(EVERY, 10) == []


async def test_a_connection_that_was_cut_is_not_used_again(postgres_backend: SqlBackend, small: AsyncEngine) -> None:
    queue = outbox_over(small).queue()
    assert await queue.take(EVERY, 10) == []
    async with postgres_backend.engine.connect() as other:
        cut = "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = {}"
        await other.execute(text(cut.format("current_database()")))
    with pytest.raises(Exception, match=r"connection|another operation"):  # as far as its end was reported
        await queue.take(EVERY, 10)
    assert await queue.take(EVERY, 10) == []


async def test_a_connection_that_does_not_answer_is_not_used_again(postgres_backend: SqlBackend) -> None:
    url = make_url(postgres_backend.engine.url)
    async with proxy_to(str(url.host), int(url.port or 5432)) as proxy:
        engine = create_async_engine(url.set(host="127.0.0.1", port=proxy.port), pool_size=1, max_overflow=0)
        queue = outbox_over(engine).queue()
        assert await queue.take(EVERY, 10) == []
        proxy.black_hole()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await queue.take(EVERY, 10)
        async with asyncio.timeout(30):
            assert await queue.take(EVERY, 10) == []
        await engine.dispose()


async def test_messages_come_in_the_order_of_the_partitions_asked_for_and_of_their_ids(
    postgres_backend: SqlBackend,
) -> None:
    outbox = outbox_over(postgres_backend.engine)
    await fill(outbox, *range(300))
    backwards = EVERY[::-1]
    taken = await outbox.queue().take(backwards, 200)
    places = [(backwards.index(message.partition), message.id) for message in taken]
    assert len(places) == 200
    assert places == sorted(places)
