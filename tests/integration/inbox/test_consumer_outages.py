"""A database that goes away in the middle costs time, and nothing else."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from cqrs.message_brokers.memory.broker import MemoryMessageBroker
from tests.integration.inbox.backends import Database, engine_of
from tests.integration.inbox.service import Shipping, ordered
from tests.servers import databases

if TYPE_CHECKING:
    from tests.servers import Server


@pytest.fixture(params=[pytest.param(f"{name}_server", marks=pytest.mark.server) for name in ("postgres", "mariadb")])
def server(request: pytest.FixtureRequest) -> Server:
    found: Server = request.getfixturevalue(request.param)
    return found


async def test_a_database_that_is_killed_parks_nothing_and_keeps_the_order(server: Server) -> None:
    async with databases.database(server.address) as address:
        database = Database(engine_of(address))
        await database.create()
        shipping, watcher = Shipping(database), Shipping(Database(engine_of(address, pool_pre_ping=True)))
        broker = MemoryMessageBroker()
        for number in range(30):
            await broker.send_message(ordered(number, key="a"))
        # One try, and no other after that: whatever counted as one would park its message for ever.
        async with shipping.consumer(broker.source("orders"), batch_size=3, attempts_in_batch=1, parked_retries=0):
            await shipping.until(1)
            await asyncio.to_thread(server.kill)
            for number in range(30, 60):
                await broker.send_message(ordered(number, key="a"))
            handled = shipping.handled
            await asyncio.to_thread(server.start)
            found = await watcher.until(60)
        assert shipping.handled > handled
        assert found == [str(number) for number in range(60)]
        assert await shipping.inbox.parked.list("shipping") == []
        assert await shipping.shipped() == list(range(60))
        for one in (shipping, watcher):
            await one.database.engine.dispose()
