"""A body that is larger than a packet of MariaDB, stored while packets could be larger."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import create_async_engine

from cqrs.message_brokers.nats.broker import NatsMessageBroker
from cqrs.message_brokers.nats.stream import NatsStream
from cqrs.outbox.sqlalchemy.model import outbox_model
from cqrs.testing.conformance.relay import QUICK
from cqrs.workers.relay.outbox_relay import OutboxRelay
from tests.helpers.waiting import until
from tests.integration.sqlalchemy.backends import SqlBackend
from tests.servers.databases import database

if TYPE_CHECKING:
    from tests.servers.client import Server

pytestmark = pytest.mark.server

SIZE = 17_000_000


async def _run(address: str, statement: str) -> None:
    engine = create_async_engine(address)
    async with engine.begin() as connection:
        await connection.execute(text(statement))
    await engine.dispose()


@pytest.mark.parametrize("packet", [16 << 20, 1 << 20])
async def test_a_body_larger_than_a_packet_is_parked_and_the_others_leave(
    mariadb_server: Server, nats_url: str, packet: int
) -> None:
    topic = f"orders-{uuid.uuid4().hex[:12]}"
    async with database(mariadb_server.address) as address:
        await _run(address, f"set global max_allowed_packet = {64 << 20}")
        backend = SqlBackend(create_async_engine(address))
        await backend.create()
        common = {"topic": topic, "partition_no": 7, "content_type": "application/json", "headers": "{}"}
        for name, key, body in (
            ("good", None, b"1"),
            ("large", "k", b"x" * SIZE),
            ("behind", "k", b"1"),
            ("good", None, b"1"),
        ):
            row = {**common, "message_id": uuid.uuid4(), "event_name": name, "message_key": key, "body": body}
            async with backend.engine.begin() as connection:
                await connection.execute(insert(outbox_model("outbox")).values(row))
        await backend.engine.dispose()  # open connections keep the size that was set when they began
        await _run(address, f"set global max_allowed_packet = {packet}")
        outbox = backend.repository()
        stream = NatsStream(name=f"s-{topic}", subjects=(topic,))

        async def is_parked() -> bool:
            parked = await outbox.parked.list()
            return [one.behind for one in parked] == [1]

        async with NatsMessageBroker(nats_url, stream=stream) as broker, OutboxRelay(outbox, broker, QUICK) as relay:
            await until(is_parked)
            assert relay.sent == 2
            (parked,) = await outbox.parked.list()
            assert (parked.envelope.name, len(parked.envelope.body)) == ("large", SIZE)
            assert f"{SIZE} bytes" in parked.error
            assert [one.envelope.name for one in await outbox.peek(state="sent")] == ["good", "good"]
            await outbox.parked.drop(parked.id)
            await until(lambda: _all_sent(relay))
        await backend.engine.dispose()


async def _all_sent(relay: OutboxRelay) -> bool:
    return relay.sent == 3
