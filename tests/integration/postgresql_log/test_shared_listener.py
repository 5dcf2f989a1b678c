"""All wake-ups of one database share the connection that listens."""

from __future__ import annotations

import asyncio
import logging
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import NullPool, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine

import cqrs
from cqrs._sqlalchemy.schemas import in_schema
from cqrs.leases.sqlalchemy.tables import leases
from cqrs.message_brokers.memory.broker import MemoryMessageBroker
from cqrs.wakeups.announcing import announcer, notify
from cqrs.wakeups.notify import NotifyWakeUps
from cqrs.workers.relay.outbox_relay import OutboxRelay
from tests.helpers.events import REGISTRY
from tests.helpers.waiting import LATE, until
from tests.integration.postgresql_log.conftest import Database, fill
from tests.integration.postgresql_log.proxy import proxy_to
from tests.integration.postgresql_log.waiting import listening

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

LISTENERS = (
    "select pid, query from pg_stat_activity where query like '%LISTEN \"cqrs%' "
    "and datname = current_database() and pid <> pg_backend_pid()"
)


def wakeups_of(engine: AsyncEngine, topic: str, *, interval: float = 0.05, patience: float = 5.0) -> NotifyWakeUps:
    return NotifyWakeUps(engine.sync_engine, announcer(engine.sync_engine, topic), interval=interval, patience=patience)


async def announce(database: Database, wakeups: NotifyWakeUps) -> None:
    """A commit of another process."""
    await notify(database.engine.sync_engine, "of another process", wakeups.channel)


@asynccontextmanager
async def in_tenant(database: Database) -> AsyncGenerator[cqrs.SqlAlchemyOutboxedEventRepository, None]:
    """The outbox in another table of a schema; its engine has the pool of that of the database."""
    await database.run("create schema tenant")
    engine = in_schema(database.engine, "tenant")
    outbox = cqrs.SqlAlchemyOutboxedEventRepository(
        async_sessionmaker(engine), registry=REGISTRY, table_name="messages"
    )
    async with engine.begin() as connection:
        await connection.run_sync(outbox.model.metadata.create_all)
        await connection.run_sync(leases.metadata.create_all)
    yield outbox


def tasks() -> list[str]:
    return [task.get_name() for task in asyncio.all_tasks() if "LISTEN" in task.get_name()]


async def test_relays_of_two_tables_and_schemas_hold_one_connection(database: Database) -> None:
    broker = MemoryMessageBroker()
    async with in_tenant(database) as tenant:
        here, there = database.outbox().wakeups("notify"), tenant.wakeups("notify")
        async with OutboxRelay(database.outbox(), broker, wake_up=here), OutboxRelay(tenant, broker, wake_up=there):
            await until(lambda: here.healthy and there.healthy)
            assert len(await database.run(LISTENERS)) == 1
            assert len(tasks()) == 1
            await fill(tenant, 1)
            await fill(database.outbox(), 2)
            await until(lambda: len(broker.sent) == 2)
        await until(lambda: not_listening(database), within=20)
        assert tasks() == []


async def not_listening(database: Database) -> bool:
    return await database.run(LISTENERS) == []


async def test_a_channel_is_added_and_removed_on_the_live_connection(database: Database, stranger: Database) -> None:
    first = wakeups_of(database.engine, "first")
    second = wakeups_of(in_schema(database.engine, "tenant"), "second", interval=60)
    async with first:
        await listening(first)
        [(pid, query)] = await stranger.run(LISTENERS)
        assert query == 'LISTEN "cqrs_first"'
        await database.engine.dispose()  # the pool; the connection that listens is not one of it
        async with second:
            await listening(second)
            assert await stranger.run(LISTENERS) == [(pid, 'LISTEN "cqrs_tenant.second"')]
            assert not first._hinted  # it stayed healthy
            await announce(stranger, second)
            assert await second.wait(LATE)
            assert not first._hinted
            await announce(stranger, first)
            assert await first.wait(LATE)
        assert not second.healthy
        await until(lambda: has_sent(stranger, 'UNLISTEN "cqrs_tenant.second"'), within=20)
        assert [pid for pid, _ in await stranger.run(LISTENERS)] == [pid]
        await announce(stranger, first)
        assert await first.wait(20)
        assert first.healthy
    await until(lambda: not_listening(stranger), within=20)
    assert tasks() == []


async def has_sent(database: Database, query: str) -> bool:
    return [found for _, found in await database.run(LISTENERS)] == [query]


async def test_wakeups_of_one_channel_are_all_woken_until_each_has_left(database: Database, stranger: Database) -> None:
    first, second = wakeups_of(database.engine, "topic"), wakeups_of(database.engine, "topic")
    async with first:
        async with second:
            await listening(first)
            await listening(second)
            await announce(stranger, first)
            assert await first.wait(LATE)
            assert await second.wait(LATE)
        await announce(stranger, first)
        assert await first.wait(LATE)
        assert not second._hinted
        async with second:
            await listening(second)
        await second.close()


async def test_wakeups_are_healthy_after_an_echo_on_their_own_channel_only(database: Database) -> None:
    url = make_url(database.address)
    async with proxy_to(url.host or "", url.port or 0) as proxy:
        through = Database(url.set(port=proxy.port).render_as_string(hide_password=False))
        async with wakeups_of(through.engine, "first", patience=0.5) as first:
            await listening(first)
            proxy.swap = b'LISTEN "cqrs_second"', b'LISTEN "nobodyspeak"'
            before = proxy.accepted
            async with wakeups_of(through.engine, "second") as second:
                await until(lambda: second.healthy or proxy.accepted >= before + 2)
                assert not second.healthy
                proxy.swap = None
                await listening(second)
                await until(lambda: first.healthy)
        await through.engine.dispose()


async def test_an_outage_is_logged_once_for_all_wakeups(postgres_server: Any, caplog: pytest.LogCaptureFixture) -> None:
    database = Database(postgres_server.address.replace("postgresql://", "postgresql+asyncpg://"))
    topics = ["a", "b", "c", "d", "e"]
    all_of_them = [wakeups_of(database.engine, topic) for topic in topics]
    for wakeups in all_of_them:
        await wakeups.start()
    for wakeups in all_of_them:
        await listening(wakeups)
    with caplog.at_level(logging.WARNING, "cqrs"):
        await asyncio.to_thread(postgres_server.kill)
        await until(lambda: not any(wakeups.healthy for wakeups in all_of_them))
        late = wakeups_of(database.engine, "late")
        await late.start()
        await asyncio.to_thread(postgres_server.start)
        for wakeups in [*all_of_them, late]:
            await listening(wakeups)
    subject = "LISTEN cqrs_a, cqrs_b, cqrs_c and {} more"
    begins, ends = [record.getMessage() for record in caplog.records]
    assert begins.startswith(f"{subject.format(2)} fails, polling instead: ")
    assert ends.startswith(f"{subject.format(3)} works again after ")
    async with database.another() as stranger:
        assert len(await stranger.run(LISTENERS)) == 1
        await announce(stranger, late)
        assert await late.wait(LATE)
    for wakeups in [*all_of_them, late]:
        await wakeups.close()
    assert tasks() == []
    await database.engine.dispose()


async def test_each_event_loop_has_a_connection_of_its_own(database: Database, stranger: Database) -> None:
    engine = create_async_engine(database.address, poolclass=NullPool)

    async def elsewhere() -> int:
        async with wakeups_of(engine, "topic") as wakeups:
            await listening(wakeups)
            await left_open.start()
            await listening(left_open)
            async with engine.connect() as connection:
                return len((await connection.exec_driver_sql(LISTENERS)).all())

    async with wakeups_of(engine, "topic") as here:
        await listening(here)
        left_open = wakeups_of(engine, "other")
        assert await asyncio.to_thread(lambda: asyncio.run(elsewhere())) == 2
        assert not left_open.healthy  # its event loop has ended
        assert here.healthy
        async with left_open:
            await listening(left_open)
            await until(lambda: has_sent(stranger, 'LISTEN "cqrs_other"'))


FORK = """
import asyncio, os, sys
from sqlalchemy import NullPool
from sqlalchemy.ext.asyncio import create_async_engine
from cqrs.wakeups.announcing import announcer, notify
from cqrs.wakeups.notify import NotifyWakeUps

engine = create_async_engine(sys.argv[1], poolclass=NullPool).sync_engine
wakeups = NotifyWakeUps(engine, announcer(engine, "topic"), interval=0.05)

async def listening():
    await wakeups.start()
    while not wakeups.healthy:
        await asyncio.sleep(0.01)

async def wake(name):
    await notify(engine, "of another process", wakeups.channel)
    assert await wakeups.wait(60) and wakeups.healthy
    print(name, flush=True)

loop = asyncio.new_event_loop()
loop.run_until_complete(listening())
child = os.fork()
if not child:
    assert not wakeups.healthy
    async def anew():
        await listening()
        await wake("child")
        await wakeups.close()
    asyncio.run(anew())
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
loop.run_until_complete(wake("parent"))
loop.run_until_complete(wakeups.close())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="has no fork")
async def test_a_forked_process_has_a_connection_of_its_own(database: Database) -> None:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", FORK, database.address, stdout=pipe, stderr=pipe
    )
    output, errors = await process.communicate()
    assert output.split() == [b"child", b"parent"], errors.decode()
