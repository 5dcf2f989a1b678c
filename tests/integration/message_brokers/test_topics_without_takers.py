"""A relay that is up before the first consumer: what no queue or stream takes waits for it, and the others leave."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING

import cqrs
from cqrs.message_brokers.amqp.broker import AMQPMessageBroker
from cqrs.message_brokers.amqp.source import AMQPMessageSource
from cqrs.message_brokers.nats.broker import NatsMessageBroker
from cqrs.message_brokers.nats.source import NatsMessageSource
from cqrs.message_brokers.nats.stream import NatsStream
from cqrs.testing.conformance.message_broker import received

if TYPE_CHECKING:
    import pytest

    from cqrs.message_brokers.protocol import MessageBroker
    from cqrs.message_brokers.source import MessageSource


@cqrs.event_type("awaited_by_nobody")
class Awaited(cqrs.NotificationEvent[int]):
    pass


QUICK = cqrs.RelayPolicy(
    attempts=2,
    attempt_backoff=cqrs.Backoff(first=0.05, longest=0.1),
    outage_backoff=cqrs.Backoff(first=0.05, longest=0.1),
)


async def _waits_for_its_consumer(
    broker: MessageBroker, taken: MessageSource, late: MessageSource, topics: tuple[str, str]
) -> None:
    db = cqrs.MemoryDatabase()
    async with taken, broker, cqrs.OutboxRelay(db.outbox, broker, QUICK) as relay:
        for n in range(6):
            async with db.transaction():
                db.outbox.add(Awaited(topic=topics[n % 2], payload=n), key=topics[n % 2])
            await asyncio.sleep(0.2)  # more than its attempts take
        assert len(await received(taken, 3)) == 3
        assert relay.sent == 3
        assert await db.outbox.parked.list() == []
        async with late:
            await received(late, 3)
    assert relay.sent == 6


async def test_messages_without_a_queue_wait_for_their_consumer(
    rabbitmq_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    here, nowhere, exchange = (uuid.uuid4().hex for _ in range(3))
    taken, late = (AMQPMessageSource(rabbitmq_url, topic, exchange_name=exchange) for topic in (here, nowhere))
    broker = AMQPMessageBroker(dsn=rabbitmq_url, exchange_name=exchange)
    await _waits_for_its_consumer(broker, taken, late, (here, nowhere))
    assert "start a consumer of this topic" in caplog.text


async def test_messages_without_a_stream_wait_for_their_consumer(
    nats_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    here, nowhere = (uuid.uuid4().hex for _ in range(2))
    taken, late = (
        NatsMessageSource(nats_url, topic, stream=NatsStream(name=topic, subjects=(topic,)))
        for topic in (here, nowhere)
    )
    await _waits_for_its_consumer(NatsMessageBroker(nats_url), taken, late, (here, nowhere))
    assert "start a consumer of this topic" in caplog.text
