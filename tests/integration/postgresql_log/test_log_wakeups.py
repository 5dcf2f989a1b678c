from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import make_url

from cqrs.outbox.sqlalchemy.wakeups import libpq_words
from cqrs.wakeups.postgres_log import LogWakeUps
from tests.integration.postgresql_log.conftest import Database, fill, told
from tests.integration.postgresql_log.proxy import proxy_to
from tests.integration.postgresql_log.waiting import A_WHILE, LATE, listening, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from cqrs.wakeups.protocol import WakeUps

END_READERS = (
    "select pg_terminate_backend(active_pid) from pg_replication_slots "
    "where database = current_database() and active_pid is not null"
)
SLOTS = "select slot_name from pg_replication_slots where database = current_database()"
PUT = (
    "insert into outbox (message_id, event_name, topic, partition_no, content_type, headers, body) "
    "values (gen_random_uuid(), 'told', 'numbers', 0, 'application/json', '{}', '1')"
)


@pytest.fixture
async def wakeups(stranger: Database) -> AsyncIterator[WakeUps]:
    async with stranger.outbox().wakeups("log") as wakeups:
        await listening(wakeups)
        yield wakeups


async def test_a_commit_of_anybody_wakes(database: Database, wakeups: WakeUps) -> None:
    await fill(database.outbox(notify=False), 1)
    assert await wakeups.wait(LATE)
    await database.run(PUT)
    assert await wakeups.wait(LATE)


async def test_uncommitted_messages_and_writes_to_other_tables_wake_no_relay(
    database: Database, wakeups: WakeUps
) -> None:
    outbox = database.outbox(notify=False)
    await database.run("create table orders (id int)")
    await database.run("insert into orders values (1)")
    async with outbox as session:
        outbox.add(session, told(1))
        await session.flush()
        assert not await wakeups.wait(A_WHILE)
    assert not await wakeups.wait(A_WHILE)


async def test_a_reader_that_is_ended_comes_back(database: Database, stranger: Database) -> None:
    async with stranger.outbox().wakeups("log") as wakeups:
        await listening(wakeups)
        for _ in range(3):
            assert await database.run(END_READERS)
            await until(lambda: not wakeups.healthy)
            await listening(wakeups)
            await fill(database.outbox(notify=False), 1)
            assert await wakeups.wait(LATE)


async def test_it_leaves_no_slot_behind(database: Database, stranger: Database) -> None:
    async with stranger.outbox().wakeups("log") as wakeups:
        await listening(wakeups)
        assert len(await database.run(SLOTS)) == 1
    async with asyncio.timeout(LATE):
        while await database.run(SLOTS):  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0.01)


async def test_it_lets_the_server_forget_what_it_has_read(database: Database, wakeups: WakeUps) -> None:
    confirmed = (
        "select confirmed_flush_lsn >= '{}'::pg_lsn from pg_replication_slots where database = current_database()"
    )
    await database.run("create table orders (id int)")
    await database.run("insert into orders select generate_series(1, 1000)")
    ((position,),) = await database.run("select pg_current_wal_lsn()::text")
    async with asyncio.timeout(LATE):
        while await database.run(confirmed.format(position)) != [(True,)]:
            await fill(database.outbox(notify=False), 1)


async def test_a_reader_that_died_silently_is_found_and_replaced(database: Database) -> None:
    url = make_url(database.address)
    async with proxy_to(url.host or "", url.port or 0) as proxy:
        dsn = {**libpq_words(url), "port": proxy.port}
        async with LogWakeUps(dsn, patience=0.3) as wakeups:
            await listening(wakeups)
            proxy.black_hole()
            await until(lambda: not wakeups.healthy)
            await listening(wakeups)
            await database.run(PUT)
            assert await wakeups.wait(LATE)


async def test_without_the_right_to_replicate_it_says_so_once_and_polls(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    role = f"r_{make_url(database.address).database}"
    await database.run(f"create role {role} login")
    other = Database(make_url(database.address).set(username=role).render_as_string(hide_password=False))
    try:
        with caplog.at_level(logging.WARNING, "cqrs"):
            async with other.outbox().wakeups("log") as wakeups:
                await until(lambda: bool(caplog.records))
                assert not wakeups.healthy
                assert not await wakeups.wait(0)
        (record,) = caplog.records
        assert "must be superuser or replication role" in record.getMessage()
        await database.run(f"alter role {role} replication")
        caplog.clear()
        with caplog.at_level(logging.WARNING, "cqrs"):
            async with other.outbox().wakeups("log") as wakeups:
                await until(lambda: bool(caplog.records))
        assert "let its owner CREATE PUBLICATION" in caplog.records[0].getMessage()
    finally:
        await other.engine.dispose()
        await database.run(f"drop role {role}")


async def test_over_a_restart_without_a_logical_log_and_back(
    postgres_server: Any, caplog: pytest.LogCaptureFixture
) -> None:
    database = Database(postgres_server.address.replace("postgresql://", "postgresql+asyncpg://"))
    await database.create()
    async with database.another() as stranger, stranger.outbox().wakeups("log") as wakeups:
        await listening(wakeups)
        with caplog.at_level(logging.WARNING, "cqrs"):
            await asyncio.to_thread(postgres_server.kill)
            await until(lambda: not wakeups.healthy)
            await asyncio.to_thread(postgres_server.start)
            await listening(wakeups)
            assert len(caplog.records) == 2
        await database.engine.dispose()
        await fill(database.outbox(notify=False), 1)
        assert await wakeups.wait(LATE)
    caplog.clear()
    async with database.engine.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        await driver.execute("alter system set wal_level = replica")
    await database.engine.dispose()
    await asyncio.to_thread(postgres_server.restart)
    with caplog.at_level(logging.WARNING, "cqrs"):
        async with database.outbox().wakeups("log"):
            await until(lambda: bool(caplog.records))
    assert "set wal_level = logical and restart" in caplog.records[0].getMessage()
    await database.engine.dispose()
