"""CloudEvents that other programs send through the drivers of real brokers, as each protocol wants them."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import aio_pika
import nats
import pytest
from aiokafka import AIOKafkaProducer
from redis.asyncio import Redis

from cqrs.message_brokers.amqp.source import AMQPMessageSource
from cqrs.message_brokers.cloudevents.wrappers import CloudEventsSource
from cqrs.message_brokers.kafka.source import KafkaMessageSource
from cqrs.message_brokers.nats.source import NatsMessageSource
from cqrs.message_brokers.nats.stream import NatsStream
from cqrs.message_brokers.redis.source import RedisMessageSource
from cqrs.testing.conformance.message_broker import received

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cqrs.envelope import Envelope
    from cqrs.message_brokers.source import MessageSource

    Raw = tuple[bytes, dict[str, str]]

pytestmark = pytest.mark.server

ATTRIBUTES = {"specversion": "1.0", "id": "order 7", "source": "/legacy", "type": "order.placed", "subject": "o7"}
DATA = {"name": "ü"}
DOCUMENT = json.dumps({**ATTRIBUTES, "datacontenttype": "application/json", "data": DATA}).encode()
BODY = json.dumps(DATA).encode()


def binary(prefix: str, **headers: str) -> Raw:
    return BODY, {**{f"{prefix}{name}": value for name, value in ATTRIBUTES.items()}, **headers}


def structured(name: str = "content-type", value: str = "application/cloudevents+json; charset=utf-8") -> Raw:
    return DOCUMENT, {name: value}


async def over_nats(url: str, topic: str, sent: Raw) -> Envelope:
    source = NatsMessageSource(url, topic, stream=NatsStream(name=topic, subjects=(topic,)), max_ack_pending=1)

    async def send() -> None:
        client = await nats.connect(url)
        await client.jetstream().publish(topic, sent[0], headers=dict(sent[1]) or None)
        await client.close()

    return await _read(source, send, "ce-")


async def over_rabbitmq(url: str, topic: str, sent: Raw) -> Envelope:
    source = AMQPMessageSource(url, topic, exchange_name=f"x-{topic}", prefetch=1)

    async def send() -> None:
        async with await aio_pika.connect(url) as connection, connection.channel() as channel:
            headers = dict(sent[1])
            properties: dict[str, Any] = {"content_type": headers.pop("content-type", None)}
            if "named" in headers:
                properties |= {"type": headers.pop("named"), "message_id": "order 7"}
            exchange = await channel.get_exchange(f"x-{topic}")
            await exchange.publish(aio_pika.Message(sent[0], headers=headers, **properties), topic)

    return await _read(source, send, "cloudEvents_")


async def over_redis(url: str, topic: str, sent: Raw) -> Envelope:
    async def send() -> None:
        async with Redis.from_url(url) as client:
            await client.xadd(topic, {"message-body": sent[0], **sent[1]})

    return await _read(RedisMessageSource(url, topic), send, "ce_")


async def over_kafka(bootstrap: str, topic: str, sent: Raw) -> Envelope:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        await producer.send_and_wait(topic, sent[0], headers=[(name, text.encode()) for name, text in sent[1].items()])

    async def send() -> None:
        """It is there already: the topic was made by it."""

    return await _read(KafkaMessageSource(bootstrap, topic, f"g-{topic}"), send, "ce_")


async def _read(source: MessageSource, send: Callable[[], Awaitable[None]], prefix: str) -> Envelope:
    async with CloudEventsSource(source, prefix=prefix) as events:
        await send()
        (delivery,) = await received(events, 1)
        return delivery.envelope


BROKERS: dict[str, tuple[str, Callable[[str, str, Any], Awaitable[Envelope]], str]] = {
    "nats": ("nats_url", over_nats, "ce-"),
    "rabbitmq": ("rabbitmq_url", over_rabbitmq, "cloudEvents_"),
    "redis": ("redis_url", over_redis, "ce_"),
    "kafka": ("kafka_bootstrap", over_kafka, "ce_"),
}
SENT: dict[str, tuple[str, Raw]] = {
    "nats, binary": ("nats", binary("ce-", **{"ce-datacontenttype": "application/json", "ce-id": "order%207"})),
    "nats, structured": ("nats", structured("Content-Type")),
    "nats, structured, short": ("nats", structured(value="application/cloudevents")),
    "nats, structured, without headers": ("nats", (DOCUMENT, {})),
    "rabbitmq, binary": ("rabbitmq", binary("cloudEvents_", **{"content-type": "application/json"})),
    "rabbitmq, binary, the other spelling": ("rabbitmq", binary("cloudEvents:")),
    "rabbitmq, binary, with properties": ("rabbitmq", binary("cloudEvents_", named="order.placed")),
    "rabbitmq, structured": ("rabbitmq", structured()),
    "redis, binary": ("redis", binary("ce_", **{"content-type": "application/json"})),
    "redis, structured": ("redis", structured()),
    "kafka, binary": ("kafka", binary("ce_", **{"content-type": "application/json"})),
    "kafka, structured": ("kafka", structured()),
}


@pytest.mark.parametrize("sent", SENT)
async def test_a_cloudevent_of_another_program_is_read(request: pytest.FixtureRequest, sent: str) -> None:
    name, raw = SENT[sent]
    fixture, send, prefix = BROKERS[name]
    envelope = await send(request.getfixturevalue(fixture), f"orders-{uuid.uuid4().hex[:12]}", raw)
    assert (envelope.name, envelope.json(), envelope.content_type) == ("order.placed", DATA, "application/json")
    assert envelope.message_id == uuid.uuid5(uuid.NAMESPACE_URL, "/legacy#order 7")
    assert envelope.headers == {f"{prefix}subject": "o7"}


@pytest.mark.parametrize("encoding", ["utf-8", "identity"])
@pytest.mark.parametrize("name", BROKERS)
async def test_an_encoding_that_compresses_nothing_is_none(
    request: pytest.FixtureRequest, name: str, encoding: str
) -> None:
    fixture, send, prefix = BROKERS[name]
    raw = binary(prefix, **{"content-encoding": encoding})
    envelope = await send(request.getfixturevalue(fixture), f"orders-{uuid.uuid4().hex[:12]}", raw)
    assert (envelope.content_encoding, envelope.body) == (None, BODY)
