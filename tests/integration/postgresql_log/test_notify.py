from __future__ import annotations

import asyncio
import logging
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import make_url

import cqrs
from cqrs.errors import WakeUpsUnsupported
from cqrs.unit_of_work.sqlalchemy.unit import SqlAlchemyUnitOfWork
from cqrs.wakeups.announcing import announcer, channel_of
from cqrs.wakeups.notify import NotifyWakeUps
from tests.helpers.events import REGISTRY, numbered
from tests.helpers.waiting import LATE, until
from tests.integration.postgresql_log.conftest import Database, fill
from tests.integration.postgresql_log.proxy import proxy_to
from tests.integration.postgresql_log.waiting import A_WHILE, listening

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from cqrs.wakeups.protocol import WakeUps


def impatient(database: Database) -> NotifyWakeUps:
    engine = database.engine.sync_engine
    return NotifyWakeUps(engine, announcer(engine, "outbox"), interval=0.05, patience=0.5)


@pytest.fixture
async def wakeups(stranger: Database) -> AsyncIterator[WakeUps]:
    async with stranger.outbox().wakeups() as wakeups:
        await listening(wakeups)
        yield wakeups


async def by_entering(database: Database) -> None:
    await fill(database.outbox(), 1)


async def by_a_unit_of_work(database: Database) -> None:
    outbox = database.outbox()
    async with SqlAlchemyUnitOfWork(database.sessions):
        outbox.add(numbered(1))


async def by_a_session(database: Database) -> None:
    async with database.sessions() as session:
        outbox = cqrs.SqlAlchemyOutboxedEventRepository(session, registry=REGISTRY)
        outbox.add(numbered(1))
        await outbox.commit()


async def by_somebody_who_knows_the_session_only(database: Database) -> None:
    outbox = database.outbox()
    async with database.sessions() as session, session.begin():
        outbox.add(session, numbered(1))


WAYS = [by_entering, by_a_unit_of_work, by_a_session, by_somebody_who_knows_the_session_only]


@pytest.mark.parametrize("commit", WAYS)
async def test_each_way_to_commit_wakes_other_processes(database: Database, wakeups: WakeUps, commit: Any) -> None:
    await commit(database)
    assert await wakeups.wait(LATE)


@pytest.mark.parametrize("commit", WAYS)
async def test_each_way_to_commit_wakes_this_process_by_a_bell(database: Database, commit: Any) -> None:
    wakeups = database.outbox().wakeups()  # it was not started: it has no connection that listens
    await commit(database)
    assert await wakeups.wait(LATE)


async def test_uncommitted_messages_wake_no_relay(database: Database, wakeups: WakeUps) -> None:
    outbox = database.outbox()
    async with outbox as session:
        outbox.add(session, numbered(1))
        await session.flush()
        async with session.begin_nested():
            outbox.add(session, numbered(2))
        assert not await wakeups.wait(A_WHILE)


async def test_it_can_be_switched_off(database: Database, wakeups: WakeUps) -> None:
    await fill(database.outbox(notify=False), 1)
    assert not await wakeups.wait(A_WHILE)


async def test_tables_have_channels_of_their_own(database: Database, wakeups: WakeUps) -> None:
    other = database.outbox(table_name="other")
    async with database.engine.begin() as connection:
        await connection.run_sync(other.model.metadata.create_all)
    await fill(other, 1)
    assert not await wakeups.wait(A_WHILE)
    assert len(channel_of("ä" * 60).encode()) <= 63
    assert channel_of("ä" * 60) != channel_of("ä" * 61)


async def test_a_kind_that_there_is_not_is_refused(database: Database) -> None:
    assert not database.outbox().wakeups("poll").healthy
    with pytest.raises(WakeUpsUnsupported, match="'carrier pigeon'") as refused:
        database.outbox().wakeups("carrier pigeon")
    assert refused.value.kind == "carrier pigeon"


async def test_a_thousand_commits_cost_a_handful_of_notifications(database: Database, stranger: Database) -> None:
    heard: list[str] = []
    async with stranger.engine.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        await driver.add_listener(channel_of("outbox"), lambda *said: heard.append(said[-1]))
        told_them = announcer(database.engine.sync_engine, "outbox")
        outbox = database.outbox()

        async def commit(number: int) -> None:
            for _ in range(100):
                await fill(outbox, number)

        await asyncio.gather(*(commit(number) for number in range(10)))
        before = len(heard)
        await until(lambda: told_them._task is not None and told_them._task.done())
        await driver.execute("select 1")
        assert before < len(heard) < 200
        await connection.invalidate()


async def test_a_connection_that_is_closed_is_replaced(database: Database, stranger: Database) -> None:
    async with impatient(stranger) as wakeups:
        await listening(wakeups)
        for _ in range(3):
            ended = await database.run(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where query like 'LISTEN %' and datname = current_database()"
            )
            assert ended
            await until(lambda: not wakeups.healthy)
            await listening(wakeups)
            await fill(database.outbox(), 1)
            assert await wakeups.wait(LATE)


async def test_a_connection_that_died_silently_is_found_and_replaced(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    url = make_url(database.address)
    async with proxy_to(url.host or "", url.port or 0) as proxy:
        through = Database(url.set(port=proxy.port).render_as_string(hide_password=False))
        async with impatient(through) as wakeups:
            await listening(wakeups)
            with caplog.at_level(logging.WARNING, "cqrs"):
                proxy.black_hole()
                await until(lambda: not wakeups.healthy)
                await listening(wakeups)
            assert [re.split(": | after ", record.message)[0] for record in caplog.records] == [
                "LISTEN cqrs_outbox fails, polling instead",
                "LISTEN cqrs_outbox works again",
            ]
            await fill(database.outbox(), 1)
            assert await wakeups.wait(LATE)
        await through.engine.dispose()


async def test_a_pooler_that_swallows_the_listen_is_noticed(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    url = make_url(database.address)
    async with proxy_to(url.host or "", url.port or 0) as proxy:
        proxy.swap = b'LISTEN "cqrs_outbox"', b'LISTEN "nobodyspeak"'
        through = Database(url.set(port=proxy.port).render_as_string(hide_password=False))
        with caplog.at_level(logging.WARNING, "cqrs"):
            async with impatient(through) as wakeups:
                await until(lambda: proxy.accepted >= 4)
                assert not wakeups.healthy
                proxy.swap = None
                await listening(wakeups)
        assert len(caplog.records) == 2  # it is logged once, and not with each attempt
        await through.engine.dispose()


async def test_while_the_server_is_away_it_waits_and_then_goes_on(postgres_server: Any) -> None:
    address = postgres_server.address.replace("postgresql://", "postgresql+asyncpg://")
    database = Database(address)
    await database.create()
    async with database.another() as stranger, impatient(stranger) as wakeups:
        await listening(wakeups)
        await asyncio.to_thread(postgres_server.kill)
        await until(lambda: not wakeups.healthy)
        assert not await wakeups.wait(A_WHILE)
        await asyncio.to_thread(postgres_server.start)
        await listening(wakeups)
        await database.engine.dispose()
        await fill(database.outbox(), 1)
        assert await wakeups.wait(LATE)
    await database.engine.dispose()


ONE_COMMIT = """
import asyncio, sys
import cqrs
from cqrs.events.registry import EventRegistry
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

async def main():
    engine = create_async_engine(sys.argv[1])
    outbox = cqrs.SqlAlchemyOutboxedEventRepository(async_sessionmaker(engine))
    cqrs.OutboxedEventMap.register("numbered", cqrs.NotificationEvent)
    async with outbox as session:
        outbox.add(session, cqrs.NotificationEvent(event_name="numbered", payload=1))
        await outbox.commit(session)
    if sys.argv[2] == "dispose":
        await engine.dispose()

asyncio.run(main())
"""


@pytest.mark.parametrize("end", ["dispose", "leave"])
async def test_a_program_that_ends_right_after_a_commit_ends_in_peace(database: Database, end: str) -> None:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "always", "-c", ONE_COMMIT, database.address, end, stdout=pipe, stderr=pipe
    )
    _, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    assert errors.decode() == ""
    assert await database.run("select count(*) from outbox") == [(1,)]
