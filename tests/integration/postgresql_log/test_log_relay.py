from __future__ import annotations

import asyncio
import datetime as dt
import logging
from typing import Any

import pytest
from sqlalchemy import text

import cqrs
from cqrs.errors import LogSlotLost, NotForTheLog
from cqrs.outbox.log.content import unreadable
from cqrs.outbox.log.protocol import Diverted, LogPosition
from cqrs.outbox.log.repository import PostgresLogOutboxedEventRepository
from cqrs.testing import faults
from cqrs.unit_of_work.sqlalchemy.unit import SqlAlchemyUnitOfWork
from cqrs.workers.relay.outbox_relay import OutboxRelay
from tests.helpers.events import REGISTRY, numbered
from tests.helpers.waiting import LATE, until
from tests.integration.postgresql_log.conftest import Database
from tests.integration.postgresql_log.stand import LogOutbox, stand_on


async def test_committed_messages_arrive_in_the_order_of_the_commits(stand: LogOutbox) -> None:
    await stand.add(1, 2)
    async with stand.database.sessions() as session:
        stand.outbox.add(session, numbered(3))
        await session.flush()
        await stand.add(4)
        await session.commit()
    async with stand.relay() as relay:
        await stand.arrived(1, 2, 4, 3)
        await stand.add(5, 6)
        await stand.arrived(1, 2, 4, 3, 5, 6)
        assert relay.sent == 6
    assert await stand.rows() == []
    async with stand.relay():
        await stand.add(7)
        await stand.arrived(1, 2, 4, 3, 5, 6, 7)


async def test_rolled_back_messages_do_not_arrive(stand: LogOutbox) -> None:
    outbox = stand.outbox
    async with outbox as session:
        outbox.add(session, numbered(1))
    async with SqlAlchemyUnitOfWork(stand.database.sessions) as unit:
        outbox.add(numbered(2))
        async with outbox as session:  # a savepoint
            outbox.add(session, numbered(3))
        with pytest.raises(ZeroDivisionError):
            async with unit.savepoint():
                outbox.add(numbered(4))
                async with unit.savepoint():
                    outbox.add(numbered(5))
                raise ZeroDivisionError
        async with unit.savepoint():
            outbox.add(numbered(6))
        outbox.add(numbered(7))
    async with stand.relay():
        await stand.arrived(2, 6, 7)


async def test_everything_about_a_message_survives(stand: LogOutbox) -> None:
    compressing = PostgresLogOutboxedEventRepository(stand.database.sessions, cqrs.ZlibCompressor(), registry=REGISTRY)
    async with compressing as session:
        compressing.add(session, numbered(1), key="kéy", headers={"correlation-id": "c-1"}, dedup_id="order-1")
        await compressing.commit(session)
    async with stand.relay():
        await stand.arrived(1)
    envelope = stand.broker.sent[0].to_envelope()
    assert (envelope.key, envelope.name, envelope.topic) == ("kéy", "numbered", "numbers")
    assert envelope.headers == {"correlation-id": "c-1"}


async def test_a_message_that_must_wait_is_refused(stand: LogOutbox) -> None:
    async with stand.outbox as session:
        for option in ({"delay": 1}, {"due_at": dt.datetime.now(dt.UTC)}):
            with pytest.raises(NotForTheLog, match="in a table") as refused:
                stand.outbox.add(session, numbered(1), **option)
            assert refused.value.name == "numbered"


async def test_during_an_outage_nothing_is_confirmed_and_nothing_lost(stand: LogOutbox) -> None:
    stand.broker.away = True
    await stand.add(*range(30))
    before = await stand.confirmed()
    async with stand.relay():
        await until(lambda: stand.broker.tries > 50)
        assert await stand.confirmed() == before
        assert await stand.log().lag() > 0
    async with stand.relay():
        await until(lambda: stand.broker.tries > 100)
        stand.broker.away = False
        await stand.arrived(*range(30))
    assert await stand.rows() == []


async def test_a_poison_message_and_those_behind_it_go_on_in_the_table(stand: LogOutbox) -> None:
    stand.broker.poison = {2}
    async with stand.outbox as session:
        for number, key in ((1, "a"), (2, "a"), (3, "b"), (4, "a"), (5, None), (6, "b")):
            stand.outbox.add(session, numbered(number), key=key)
        await stand.outbox.commit(session)
    async with stand.relay():
        await stand.arrived(1, 3, 5, 6)
        await stand.add(7, key="a")
        await stand.add(8, key="b")
        await stand.arrived(1, 3, 5, 6, 8)
    assert await stand.rows() == [(2, 0), (4, 1), (7, 1)]
    async with stand.relay(), OutboxRelay(stand.outbox, stand.broker):
        await stand.add(9, key="a")
        await stand.add(10)
        await stand.arrived(1, 3, 5, 6, 8, 10)
        (parked,) = await stand.outbox.parked.list()
        assert "poison" in parked.error
        stand.broker.poison.clear()
        await stand.outbox.parked.replay()
        await stand.arrived(1, 3, 5, 6, 8, 10, 2, 4, 7, 9)
        await until(
            lambda: stand.database.run("select 1 where not exists (select from outbox where pending is not null)")
        )
        await stand.add(11, key="a")
        await stand.arrived(1, 3, 5, 6, 8, 10, 2, 4, 7, 9, 11)
    assert (11, None) not in await stand.rows()


async def test_content_that_is_no_message_is_parked(stand: LogOutbox) -> None:
    await stand.database.run("select pg_logical_emit_message(true, 'cqrs.outbox', 'garbage'::bytea)")
    await stand.database.run("select pg_logical_emit_message(true, 'others', 'not ours'::bytea)")
    await stand.add(1)
    async with stand.relay():
        await stand.arrived(1)
    (parked,) = await stand.outbox.parked.list()
    assert (parked.envelope.name, parked.envelope.body) == ("unreadable", b"garbage")


READERS = {"cqrs.workers.relay.log_relay", "cqrs.outbox.log.diversion"}
POINTS = [point.name for point in faults.POINTS.values() if READERS.intersection(point.modules)]


@pytest.mark.parametrize("point", POINTS)
async def test_a_crash_around_a_diversion_inserts_nothing_twice_and_loses_nothing(stand: LogOutbox, point: str) -> None:
    stand.broker.poison = {2}
    await stand.add(1, 2, 3, key="a")
    await stand.add(4, key="b")
    with faults.failpoint(point):
        async with stand.relay():
            await until(lambda: 4 in stand.broker.numbers)
            await stand.add(5, key="b")
            await until(lambda: 5 in stand.broker.numbers)
    assert await stand.rows() == [(2, 0), (3, 1)]
    assert list(dict.fromkeys(stand.broker.numbers)) == [1, 4, 5]


async def test_a_relay_that_was_overtaken_diverts_nothing(stand: LogOutbox) -> None:
    diversion = stand.outbox.diversion()
    seen = await diversion.settled(stand.slot)
    first, later = LogPosition(seen.transaction, 1), LogPosition(seen.transaction, 2)
    messages = [Diverted(unreadable(b"2"), "poison")]
    assert await diversion.divert(stand.slot, seen, first, messages)
    assert await diversion.divert(stand.slot, seen, first, messages)  # the reply to it was lost
    assert not await diversion.divert(stand.slot, seen, later, messages)
    assert await stand.rows() == [(2, 0)]
    assert await diversion.settled(stand.slot) == first


async def test_a_reader_that_is_ended_goes_on(stand: LogOutbox) -> None:
    end = f"select pg_terminate_backend(active_pid) {stand.from_slot}"
    async with stand.relay():
        for number in range(4):
            await stand.add(number)
            await until(lambda: number in stand.broker.numbers)  # noqa: B023  # it is awaited here
            await stand.database.run(end)
    assert list(dict.fromkeys(stand.broker.numbers)) == [0, 1, 2, 3]


async def test_a_second_relay_waits_and_takes_over(stand: LogOutbox) -> None:
    second = stand.relay()
    async with stand.relay() as first:
        await until(lambda: first.is_reading)
        async with second:
            await second.started()
            assert not second.is_reading
            await stand.add(1)
            await stand.arrived(1)
            await first.stop()
            await until(lambda: second.is_reading)
            await stand.add(2)
            await stand.arrived(1, 2)
            assert (first.sent, second.sent) == (1, 1)


async def test_a_lost_slot_is_an_error_and_is_never_made_anew_by_itself(stand: LogOutbox) -> None:
    await stand.drop()
    relay = stand.relay()
    with pytest.raises(LogSlotLost) as lost:
        await relay.run()
    assert lost.value.slot == stand.slot
    for refused in (stand.log().create(), stand.log().lag()):
        with pytest.raises(LogSlotLost):
            await refused
    await stand.log().create(after_loss=True)
    await stand.log().create()
    async with stand.relay():
        await stand.add(1)
        await stand.arrived(1)


async def test_a_note_that_a_dump_has_brought_is_not_believed(stand: LogOutbox) -> None:
    await stand.database.run("update cqrs_log_positions set transaction = 1::bigint << 60")
    with pytest.raises(LogSlotLost):
        await stand.relay().run()


async def test_while_nothing_is_added_the_log_of_others_is_not_kept(stand: LogOutbox) -> None:
    await stand.database.run("create table noise (id int)")
    async with stand.relay():
        await stand.database.run("insert into noise select generate_series(1, 1000)")
        ((position,),) = await stand.database.run("select pg_current_wal_lsn()")
        await stand.add(1)
        await stand.arrived(1)
        async with asyncio.timeout(LATE):
            while (await stand.confirmed())[0][0] < position:
                await stand.add(2)


async def test_over_a_restart_of_the_server(postgres_server: Any, caplog: pytest.LogCaptureFixture) -> None:
    database = Database(postgres_server.address.replace("postgresql://", "postgresql+asyncpg://"))
    await database.create()
    async with stand_on(database) as stand:
        async with stand.relay() as relay:
            await until(lambda: relay.is_reading)
            with caplog.at_level(logging.WARNING, "cqrs"):
                await asyncio.to_thread(postgres_server.kill)
                await until(lambda: not relay.is_reading)
                await asyncio.to_thread(postgres_server.start)
                await until(lambda: relay.is_reading)
            await database.engine.dispose()
            await stand.add(1)
            await stand.arrived(1)
        assert len(caplog.records) <= 2
    await database.engine.dispose()


async def test_a_slot_that_the_server_gave_up_is_lost(postgres_server: Any) -> None:
    database = Database(postgres_server.address.replace("postgresql://", "postgresql+asyncpg://"))
    await database.create()
    async with database.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("alter system set max_slot_wal_keep_size = '1MB'"))
        await connection.execute(text("select pg_reload_conf()"))
    async with stand_on(database) as stand:
        await stand.add(1)
        async with asyncio.timeout(LATE):
            while (await database.run(f"select wal_status {stand.from_slot}")) != [("lost",)]:
                await database.run("select pg_switch_wal()")
                await database.run("select pg_logical_emit_message(false, 'noise', repeat('x', 100000))")
                await database.run("checkpoint")
        with pytest.raises(LogSlotLost):
            await stand.relay().run()
        await stand.log().create(after_loss=True)
        async with stand.relay():
            await stand.add(2)
            await stand.arrived(2)
    await database.engine.dispose()
