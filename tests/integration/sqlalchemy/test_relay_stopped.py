"""Relays that are stopped, or whose machine dies, in the middle of a transaction: the others go on without them."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.util import await_only

from cqrs.errors import MigrationNeeded
from cqrs.events.registry import EventRegistry
from cqrs.leases.sqlalchemy.store import SqlAlchemyLeaseStore
from cqrs.outbox.queue import Failure, Outcome
from cqrs.outbox.rows import PARTITIONS
from cqrs.outbox.sqlalchemy import queue as relay_queue
from cqrs.testing.conformance.outbox import Numbered, numbered
from tests.helpers.databases import SERVERS, for_each
from tests.integration.sqlalchemy.backends import SqlBackend

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable

    from cqrs.leases import Holding

LATE = 30.0
"""Seconds that only a test waits that is about to fail; a lock of MariaDB is waited for longer."""

EVERY = list(range(PARTITIONS))
backend = for_each(SERVERS, "backend")


class Stopping(SqlBackend):
    """Stops before each commit, once it is set to."""

    def __init__(self, backend: SqlBackend) -> None:
        super().__init__(create_async_engine(backend.engine.url))
        self.stops = False
        self.stopped = asyncio.Event()
        self.continued = asyncio.Event()
        event.listen(self.engine.sync_engine, "commit", self._commit)

    def _commit(self, _connection: Any) -> None:
        if self.stops:
            self.stopped.set()
            await_only(self.continued.wait())

    @asynccontextmanager
    async def stopped_in(self, work: Awaitable[object]) -> AsyncGenerator[asyncio.Future[object], None]:
        self.stops = True
        task = asyncio.ensure_future(work)
        try:
            async with asyncio.timeout(LATE):
                await self.stopped.wait()
                yield task
        finally:
            self.continued.set()
            await asyncio.wait([task])
            task.exception()
            await self.engine.dispose()


async def all_of(store: SqlAlchemyLeaseStore, owner: str, ttl: float) -> Holding:
    while True:
        holding = await store.keep("scope", owner, count=8, ttl=ttl)
        if len(holding.fences) == 8:
            return holding
        await asyncio.sleep(0.05)  # nothing notifies of it


@pytest.mark.parametrize("known", [False, True])
async def test_a_worker_in_the_middle_of_renewing_does_not_delay_others_that_renew(
    backend: SqlBackend,
    known: bool,  # noqa: FBT001  # pytest gives it
) -> None:
    stopping = Stopping(backend)
    one, two = SqlAlchemyLeaseStore(stopping.sessions), SqlAlchemyLeaseStore(backend.sessions)
    await one.keep("scope", "one", count=8, ttl=LATE)
    if known:
        await two.keep("scope", "two", count=8, ttl=LATE)
        await one.keep("scope", "one", count=8, ttl=LATE, giving_up=[5, 6, 7])
        await two.keep("scope", "two", count=8, ttl=LATE)
    async with stopping.stopped_in(one.keep("scope", "one", count=8, ttl=10 * LATE)):
        holding = await two.keep("scope", "two", count=8, ttl=LATE)
        assert set(holding.fences) == ({5, 6, 7} if known else set())


async def test_a_worker_stopped_in_the_middle_of_renewing_is_replaced(backend: SqlBackend) -> None:
    stopping = Stopping(backend)
    one, two = SqlAlchemyLeaseStore(stopping.sessions), SqlAlchemyLeaseStore(backend.sessions)
    before = await all_of(one, "one", 1.0)
    async with stopping.stopped_in(one.keep("scope", "one", count=8, ttl=1.0)) as stopped:
        holding = await all_of(two, "two", LATE)
        assert all(holding.fences[share] > fence for share, fence in before.fences.items())
    with pytest.raises(DBAPIError):
        await stopped


async def test_a_relay_stopped_in_the_middle_of_settling_delays_others_only_briefly(
    backend: SqlBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_queue, "_SETTLED_WITHIN", 1.0)
    stopping = Stopping(backend)
    registry = EventRegistry()
    registry.register(Numbered, "numbered")
    outbox = backend.repository(registry=registry, notify=False)
    async with outbox as session:
        for number in range(3):
            outbox.add(session, numbered(number), key=f"key {number}")
        await outbox.commit(session)
    one, two = stopping.repository(notify=False).queue(), outbox.queue()
    fences = (await one.leases.keep(one.scope, "one", count=PARTITIONS, ttl=0.5)).fences
    taken = await one.take(EVERY, 10)
    async with stopping.stopped_in(one.settle(fences, Outcome(taken[1:], [Failure(taken[0], "no", 1.0)]))):
        later: dict[int, int] = {}
        while not later:
            later = dict((await two.leases.keep(two.scope, "two", count=PARTITIONS, ttl=LATE)).fences)
            await asyncio.sleep(0.05)  # nothing notifies of it
        again = await two.take(EVERY, 10)
        assert [message.id for message in again] == [message.id for message in taken]
        assert await two.settle(later, Outcome(again)) == 3
    assert await two.take(EVERY, 10) == []


async def test_the_connection_is_given_back_as_it_was(mariadb_backend: SqlBackend) -> None:
    engine = create_async_engine(mariadb_backend.engine.url, pool_size=1, max_overflow=0)
    backend = SqlBackend(engine)
    question = text("select @@session.idle_transaction_timeout = @@global.idle_transaction_timeout")
    store = SqlAlchemyLeaseStore(backend.sessions)
    await store.keep("scope", "one", count=8, ttl=1.0)
    async with engine.connect() as connection:
        assert await connection.scalar(question)
        await connection.execute(text("drop table cqrs_leases"))
    with pytest.raises(MigrationNeeded):
        await store.keep("scope", "one", count=8, ttl=1.0)
    async with engine.connect() as connection:
        assert await connection.scalar(question)
    await engine.dispose()
