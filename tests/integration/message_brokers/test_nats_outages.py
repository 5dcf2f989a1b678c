"""NATS is killed, restarted and silent; consumers are killed."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING

import pytest

from cqrs.errors import BrokerUnavailable
from cqrs.message_brokers.nats.broker import NatsMessageBroker
from cqrs.message_brokers.nats.source import NatsMessageSource
from cqrs.message_brokers.nats.stream import NatsStream
from cqrs.testing.conformance.message_broker import an_envelope, received
from tests.integration.message_brokers.restarts import (
    first_deliveries,
    numbers_until,
    numbers_with,
    send_through_a_kill,
)
from tests.integration.message_brokers.victim import killed_after_receiving

if TYPE_CHECKING:
    from tests.servers import Server

STREAM = NatsStream(name="events", subjects=("t",))


async def test_confirmed_messages_survive_a_kill_of_the_server(nats_server: Server) -> None:
    url = nats_server.address
    source = NatsMessageSource(url, "t", stream=STREAM, ack_wait=2)
    async with source, NatsMessageBroker(url, stream=STREAM) as broker:
        consuming = asyncio.create_task(numbers_with(source, set(range(1000))))
        await send_through_a_kill(nats_server, broker, "t", before=500, after=500)
        # What was on its way to the consumer comes when its time is over, perhaps after what is newer.
        assert set(await consuming) == set(range(1000))


async def test_the_order_of_a_key_survives_a_kill_of_the_server_if_messages_are_under_way_one_by_one(
    nats_server: Server,
) -> None:
    url = nats_server.address
    source = NatsMessageSource(url, "t", stream=STREAM, ack_wait=1, max_ack_pending=1)
    assert source.features.redelivers_in_order
    async with source, NatsMessageBroker(url, stream=STREAM) as broker:
        consuming = asyncio.create_task(numbers_until(source, 199))
        await send_through_a_kill(nats_server, broker, "t", before=100, after=100)
        assert first_deliveries(await consuming) == list(range(200))


async def test_a_message_whose_confirmation_was_lost_is_kept_once(nats_server: Server) -> None:
    url = nats_server.address
    async with NatsMessageBroker(url, stream=STREAM) as broker, NatsMessageSource(url, "t", stream=STREAM) as source:
        twice = an_envelope("t", 1)
        assert await broker.send([twice]) == [None]
        await asyncio.to_thread(nats_server.restart)
        while isinstance((await broker.send([twice]))[0], BrokerUnavailable):
            pass
        assert await broker.send([an_envelope("t", 2)]) == [None]
        assert await numbers_until(source, 2) == [1, 2]


async def test_an_acknowledgement_after_the_loss_of_the_connection_is_an_outage(nats_server: Server) -> None:
    url = nats_server.address
    source = NatsMessageSource(url, "t", stream=STREAM, ack_wait=1)
    async with source, NatsMessageBroker(url, stream=STREAM) as broker:
        await broker.send([an_envelope("t", n) for n in range(2)])
        old, older = await received(source, 2, ack=False)
        await asyncio.to_thread(nats_server.kill)
        with pytest.raises(BrokerUnavailable):
            await source.receive(timeout=30)
        with pytest.raises(BrokerUnavailable):
            await old.ack()
        await asyncio.to_thread(nats_server.start)
        await source.start()
        with pytest.raises(BrokerUnavailable):
            await older.ack()
        assert await numbers_with(source, {0, 1}) == [0, 1]


async def test_messages_of_a_killed_consumer_go_to_another(nats_url: str) -> None:
    topic = f"killed-{uuid.uuid4().hex[:12]}"
    async with NatsMessageBroker(nats_url, stream=NatsStream(name=topic, subjects=(topic,))) as broker:
        await broker.send([an_envelope(topic, n, key="k") for n in range(5)])
    imports = "from cqrs.message_brokers.nats.source import NatsMessageSource"
    code = f"source = NatsMessageSource({nats_url!r}, {topic!r}, ack_wait=1)"
    await killed_after_receiving(f"{imports}\n{code}", ack=2, of=5)
    async with NatsMessageSource(nats_url, topic) as source:
        again = await received(source, 3)
    assert [int(d.envelope.body) for d in again] == [2, 3, 4]
    assert [d.attempt for d in again] == [2, 2, 2]
