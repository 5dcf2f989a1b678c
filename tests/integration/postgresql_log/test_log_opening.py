"""A database that was reached and then stops answering, while a relay opens its log."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from cqrs._replication import stream
from cqrs.errors import MigrationNeeded
from cqrs.workers.relay import log_relay
from tests.helpers.waiting import LATE, until
from tests.integration.postgresql_log.proxy import proxy_to

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from tests.integration.postgresql_log.proxy import Proxy
    from tests.integration.postgresql_log.stand import LogOutbox

EVER = 10 * LATE

pytestmark = pytest.mark.server


@pytest.fixture
async def proxy(stand: LogOutbox) -> AsyncIterator[Proxy]:
    """What stands between the relays of the test and their database."""
    async with proxy_to(stand.dsn["host"], int(stand.dsn["port"])) as proxy:
        stand.dsn = {**stand.dsn, "host": "127.0.0.1", "port": str(proxy.port)}
        yield proxy


@asynccontextmanager
async def stuck(stand: LogOutbox) -> AsyncGenerator[None, None]:
    """The table of positions is locked; a relay that opens the log waits for it."""
    async with stand.database.sessions() as session, session.begin():
        connection = await session.connection()
        await connection.exec_driver_sql("lock table cqrs_log_positions")
        yield


async def waiting(stand: LogOutbox) -> int:
    ((count,),) = await stand.database.run(
        "select count(*) from pg_stat_activity "
        "where application_name = 'cqrskit log' and wait_event_type = 'Lock' and datname = current_database()"
    )
    return int(count)


async def until_waiting(stand: LogOutbox, count: int) -> None:
    async def as_many() -> bool:
        return await waiting(stand) == count

    await until(as_many)


async def test_a_relay_can_be_stopped_while_the_server_does_not_answer_connections(
    stand: LogOutbox, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "_CONNECT", int(EVER))
    proxy.mute = True
    async with stand.relay(), asyncio.timeout(LATE):
        await until(lambda: proxy.accepted > 0)


async def test_a_relay_is_stopped_while_its_question_waits_for_a_lock(stand: LogOutbox) -> None:
    async with stuck(stand):
        async with stand.relay():
            await until_waiting(stand, 1)
        await until_waiting(stand, 0)


async def test_a_missing_table_of_positions_is_reported_with_the_command_that_creates_it(stand: LogOutbox) -> None:
    await stand.database.run("drop table cqrs_log_positions")
    with pytest.raises(MigrationNeeded) as caught:
        await stand.log().open()
    assert caught.value.table == "cqrs_log_positions"
    assert caught.value.command in str(caught.value)


async def test_a_relay_can_be_stopped_while_its_server_cannot_be_interrupted(
    stand: LogOutbox, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "_CONNECT", int(EVER))
    monkeypatch.setattr(stream, "_INTERRUPT", 0.05)
    async with stuck(stand), asyncio.timeout(LATE), stand.relay():
        await until_waiting(stand, 1)
        proxy.mute = True
        proxy.black_hole()


async def test_a_relay_that_got_no_answer_connects_again(
    stand: LogOutbox, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "_CONNECT", int(EVER))
    monkeypatch.setattr(log_relay, "_OPENING", 0.1)
    proxy.mute = True
    await stand.add(1)
    async with stand.relay():
        await until(lambda: proxy.accepted > 1)
        monkeypatch.setattr(log_relay, "_OPENING", LATE)
        proxy.mute = False
        await stand.arrived(1)
