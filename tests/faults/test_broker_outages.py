"""O4 with a real broker: it refuses, hangs, or takes messages without a word, while 100,000 arrive in the outbox."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text

from cqrs.message_brokers.nats.broker import NatsMessageBroker
from cqrs.message_brokers.nats.source import NatsMessageSource
from cqrs.message_brokers.nats.stream import NatsStream
from cqrs.workers import OutboxRelay, RelayPolicy
from tests.faults.conftest import POSTGRESQL
from tests.faults.test_relay_volume import fill
from tests.helpers.waiting import until
from tests.integration.postgresql_log.proxy import Proxy, proxy_to

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.faults.stand import RelayProcesses
    from tests.servers import Server

COUNT = 100_000
KEYS = 1_000
pytestmark = pytest.mark.parametrize("database", [POSTGRESQL], indirect=True)


class Way:
    """To the broker, and how it is lost and found again."""

    def __init__(self, server: Server, proxy: Proxy) -> None:
        self.server = server
        self.proxy = proxy

    async def refuse(self) -> None:
        await asyncio.to_thread(self.server.kill)

    async def hang(self) -> None:
        self.proxy.mute = True
        self.proxy.black_hole()

    async def swallow(self) -> None:
        self.proxy.unanswered = True

    async def restore(self) -> None:
        self.proxy.mute = self.proxy.unanswered = False
        await asyncio.to_thread(self.server.start)


async def numbers_of(server: Server, stream: NatsStream, count: int) -> list[int]:
    """What has arrived, in its order, once each: a stream knows the ids of its last minutes."""
    found: list[int] = []
    async with NatsMessageSource(server.address, "numbers", stream=stream) as source, asyncio.timeout(90):
        while len(found) < count:
            for delivery in await source.receive(limit=1_000, timeout=1):
                found.append(delivery.envelope.json()["payload"])
                await delivery.ack()
    return found


@pytest.mark.timeout(240)
@pytest.mark.parametrize("lose", [Way.refuse, Way.hang, Way.swallow], ids=["refuses", "hangs", "swallows"])
async def test_a_broker_that_is_away_while_100_000_messages_arrive_costs_none_an_attempt(
    stand: RelayProcesses, nats_server: Server, lose: Callable[[Way], Awaitable[None]]
) -> None:
    address = urlsplit(nats_server.address)
    stream = NatsStream(name=f"s-{uuid.uuid4().hex}", subjects=("numbers",))
    async with proxy_to(address.hostname or "", address.port or 0) as proxy:
        way = Way(nats_server, proxy)
        broker = NatsMessageBroker(f"nats://127.0.0.1:{proxy.port}", stream=stream, timeout=1.0)
        async with broker, OutboxRelay(stand.outbox, broker, RelayPolicy(lease=10), wake_up="poll") as relay:
            await fill(stand, 5_000, keys=KEYS)
            await until(lambda: _sent(relay, 1), within=100, every=0.05)
            await lose(way)
            await fill(stand, COUNT - 5_000, keys=KEYS, first=5_001)
            await asyncio.sleep(3)  # the outage: probes go out and come to nothing
            assert relay.sent < COUNT
            async with stand.engine.connect() as connection:
                touched = text("SELECT count(*) FROM outbox WHERE attempts > 0 OR pending = 0 OR parked_at IS NOT NULL")
                assert (await connection.execute(touched)).scalar_one() == 0
            await way.restore()
            await stand.until_empty()
    found = await numbers_of(nats_server, stream, COUNT)
    assert sorted(found) == list(range(1, COUNT + 1))
    for key in range(KEYS):
        mine = [number for number in found if number % KEYS == key]
        assert mine == sorted(mine)


async def _sent(relay: OutboxRelay, count: int) -> bool:
    return relay.sent >= count
