"""Real servers are sent rubbish by the drivers themselves: a consumer gets past all of it, to the last good message."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import uuid
from typing import TYPE_CHECKING, Any

import aio_pika
import nats
import pytest
from aiokafka import AIOKafkaProducer
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

import cqrs
from cqrs.events.bootstrap import bootstrap
from cqrs.events.registry import EventRegistry
from cqrs.message_brokers.amqp.source import AMQPMessageSource
from cqrs.message_brokers.kafka.broker import KafkaMessageSource
from cqrs.message_brokers.nats.source import NatsMessageSource
from cqrs.message_brokers.nats.stream import NatsStream
from cqrs.message_brokers.redis.source import RedisMessageSource
from cqrs.workers.consumer.consumer import Consumer, ConsumerPolicy
from tests.fuzz.rubbish import EXAMPLES, bodies, fuzzed, names
from tests.helpers.waiting import AT_ONCE

if TYPE_CHECKING:
    from cqrs.message_brokers.source import MessageSource

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
# What is found is not made smaller: that would take a server minutes.
in_batches = settings(
    fuzzed,
    max_examples=max(4, EXAMPLES // 50),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)

_LONGEST = 60.0  # seconds until the last message is through

storable = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
raw = st.one_of(st.binary(max_size=40), storable.map(str.encode))
small = bodies.filter(lambda body: len(body) < 200_000)
ascii_names = names.filter(lambda name: name.isascii() and 0 < len(name) < 200)


class Ordered(cqrs.NotificationEvent[int]):
    """What arrives."""

    event_name: str = "ordered"


async def gets_through(source: MessageSource, sent: int) -> None:
    """Every message is handled or parked, and the good one that was sent last is handled."""
    registry = EventRegistry()
    registry.register(Ordered, "ordered")
    database = cqrs.MemoryDatabase(registry=registry)
    last = asyncio.Event()
    handled: set[uuid.UUID] = set()

    async def handle(event: Ordered) -> None:
        handled.add(event.event_id)
        if event.payload == -1:
            last.set()

    mediator = bootstrap(events_mapper=lambda m: m.bind(Ordered, handle), database=database)
    policy = ConsumerPolicy(
        receive_timeout=0.05, attempt_backoff=AT_ONCE, outage_backoff=AT_ONCE, parked_retries=0, cleanup_every=3600
    )
    async with asyncio.timeout(_LONGEST), Consumer(source, mediator, name="fuzz", database=database, policy=policy):
        await last.wait()
    parked = await database.inbox.parked.list("fuzz", limit=1000)
    assert 0 < len(handled) + sum(1 + one.behind for one in parked) <= sent  # some may have had one id


def good() -> tuple[dict[str, str], bytes]:
    headers = {"message-id": str(uuid.uuid4()), "message-name": "ordered"}
    return headers, json.dumps({"payload": -1}).encode()


@in_batches
@given(st.lists(st.dictionaries(raw, raw, min_size=1, max_size=6), min_size=10, max_size=40))
async def test_redis(redis_url: str, entries: list[dict[bytes, bytes]]) -> None:
    topic = uuid.uuid4().hex
    headers, body = good()
    async with Redis.from_url(redis_url) as client:
        for entry in entries:
            await client.xadd(topic, dict(entry))
        await client.xadd(topic, {**headers, "message-body": body})
    await gets_through(RedisMessageSource(redis_url, topic), len(entries) + 1)


records = st.tuples(
    st.one_of(st.none(), raw), st.lists(st.tuples(storable, raw), max_size=5), st.one_of(st.none(), small)
)


@in_batches
@given(st.lists(records, min_size=10, max_size=40))
async def test_kafka(kafka_bootstrap: str, sent: list[Any]) -> None:
    topic = uuid.uuid4().hex
    headers, body = good()
    async with AIOKafkaProducer(bootstrap_servers=kafka_bootstrap) as producer:
        for key, given_headers, value in sent:
            await producer.send_and_wait(topic, value, key or b"k", headers=given_headers)
        await producer.send_and_wait(topic, body, headers=[(name, value.encode()) for name, value in headers.items()])
    await gets_through(KafkaMessageSource(kafka_bootstrap, topic, "fuzz"), len(sent) + 1)


lines = storable.map(lambda text: "".join(letter for letter in text if letter.isprintable()).strip())


@in_batches
@given(st.lists(st.tuples(st.dictionaries(ascii_names, lines, max_size=5), small), min_size=10, max_size=40))
async def test_nats(nats_url: str, sent: list[tuple[dict[str, str], bytes]]) -> None:
    topic = uuid.uuid4().hex
    headers, body = good()
    stream = NatsStream(name=topic, subjects=[topic])
    client = await nats.connect(nats_url)
    jetstream = client.jetstream()
    await stream.make(jetstream)
    count = 0
    for given_headers, payload in sent:
        wanted = {n: v for n, v in given_headers.items() if n.isprintable() and ":" not in n and n == n.strip() and v}
        await client.publish(topic, payload, headers=wanted or None)
        count += 1
    await client.flush()
    await jetstream.publish(topic, body, headers=headers)
    await client.close()
    await gets_through(NatsMessageSource(nats_url, topic, stream=stream, max_ack_pending=1), count + 1)


typed = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    storable,
    st.binary(max_size=20).map(bytearray),  # its driver takes no bytes here
    st.floats(0, 4e9).map(lambda seconds: dt.datetime.fromtimestamp(seconds, dt.UTC)),
    st.lists(st.integers(0, 9), max_size=3),
)


@in_batches
@given(st.lists(st.tuples(st.dictionaries(ascii_names, typed, max_size=5), small), min_size=10, max_size=40))
async def test_rabbitmq(rabbitmq_url: str, sent: list[tuple[dict[str, Any], bytes]]) -> None:
    topic = uuid.uuid4().hex
    headers, body = good()
    source = AMQPMessageSource(rabbitmq_url, topic, exchange_name="fuzz", prefetch=1)
    await source.start()
    async with await aio_pika.connect(rabbitmq_url) as connection:
        channel = await connection.channel()
        exchange = await channel.get_exchange("fuzz")
        for given_headers, payload in sent:
            await exchange.publish(aio_pika.Message(payload, headers=given_headers), topic)
        await exchange.publish(aio_pika.Message(body, headers=dict(headers)), topic)
    await gets_through(source, len(sent) + 1)
