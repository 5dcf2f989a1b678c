"""A relay delivers everything in order, whatever becomes of the way in which it is woken."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import make_url

from cqrs.message_brokers.memory.broker import MemoryMessageBroker
from cqrs.wakeups.announcing import announcer
from cqrs.wakeups.notify import NotifyWakeUps
from cqrs.workers.relay.outbox_relay import OutboxRelay
from tests.helpers.waiting import LATE, until
from tests.integration.postgresql_log.conftest import Database, fill
from tests.integration.postgresql_log.proxy import Proxy, proxy_to

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from cqrs.wakeups.protocol import WakeUps

END = (
    "select pg_terminate_backend(pid) from pg_stat_activity "
    "where datname = current_database() and query like 'LISTEN %'"
)


class Numbers(MemoryMessageBroker):
    @property
    def numbers(self) -> list[int]:
        return [message.to_envelope().json()["payload"] for message in self.sent]


@pytest.fixture
async def proxy(database: Database) -> AsyncIterator[Proxy]:
    url = make_url(database.address)
    async with proxy_to(url.host or "", url.port or 0) as proxy:
        yield proxy


@pytest.fixture
async def wakeups(database: Database, proxy: Proxy) -> AsyncIterator[NotifyWakeUps]:
    """Those of a relay that reaches the server through the proxy, while its queries do not."""
    url = make_url(database.address)
    through = Database(url.set(port=proxy.port).render_as_string(hide_password=False))
    engine = through.engine.sync_engine
    yield NotifyWakeUps(engine, announcer(engine, "outbox"), interval=0.05, patience=0.3)
    await proxy.close()  # closing a connection waits for an answer, which a black hole does not give
    await through.engine.dispose()


async def test_listeners_that_die_lose_no_message(
    database: Database, stranger: Database, proxy: Proxy, wakeups: WakeUps
) -> None:
    broker, numbers = Numbers(), list(range(60))
    async with OutboxRelay(stranger.outbox(), broker, wake_up=wakeups):
        await until(lambda: wakeups.healthy)
        for number in numbers:
            await fill(database.outbox(), number)
            if number % 20 == 10:
                await database.run(END)
            if number % 20 == 15:
                proxy.black_hole()
        await until(lambda: len(broker.sent) >= len(numbers))
        await until(lambda: wakeups.healthy)
    assert sorted(broker.numbers) == numbers


async def test_a_relay_that_is_never_woken_polls(
    database: Database, stranger: Database, proxy: Proxy, wakeups: NotifyWakeUps
) -> None:
    broker = Numbers()
    proxy.swap = b'LISTEN "cqrs_outbox"', b'LISTEN "nobodyspeak"'
    wakeups.patience = LATE  # it receives nothing, and gets no error
    async with OutboxRelay(stranger.outbox(), broker, wake_up=wakeups):
        await fill(database.outbox(), 1)
        await until(lambda: broker.numbers == [1])
        assert not wakeups.healthy


async def test_over_a_server_that_is_killed(postgres_server: Any) -> None:
    database = Database(postgres_server.address.replace("postgresql://", "postgresql+asyncpg://"))
    await database.create()
    broker = Numbers()
    async with database.another() as stranger, OutboxRelay(stranger.outbox(), broker, wake_up="notify"):
        await fill(database.outbox(), 1)
        await until(lambda: broker.numbers == [1])
        await asyncio.to_thread(postgres_server.kill)
        await asyncio.to_thread(postgres_server.start)
        await database.engine.dispose()
        await fill(database.outbox(), 2)
        await until(lambda: 2 in broker.numbers)
    await database.engine.dispose()
    assert list(dict.fromkeys(broker.numbers)) == [1, 2]
