"""From the outbox to a real Kafka, beside a bare producer that has the same bytes in memory."""

from __future__ import annotations

import asyncio
import importlib
import time
from typing import TYPE_CHECKING, Any

from benchmarks.durable.checks import must_be
from benchmarks.durable.server import running
from benchmarks.durable.shop import sent
from benchmarks.durable.table import Row, Target, rates
from benchmarks.rounds import take_awaited
from cqrs.message_brokers.kafka.broker import KafkaMessageBroker
from cqrs.message_brokers.kafka.producer import kafka_producer_factory
from cqrs.outbox.rows import PARTITIONS
from cqrs.workers import OutboxRelay
from tests.servers.kafka import Kafka
from tests.servers.recipe import Missing

if TYPE_CHECKING:
    from benchmarks.durable.shop import Stand
    from benchmarks.durable.workload import Bench
    from benchmarks.rounds import Samples


_COUNT = 30_000
_ROUNDS = 5
_LEAST = 0.7
_OUR_BATCH = 131_072  # bytes; aiokafka's own is 16,384


async def show(bench: Bench) -> None:
    """Fill in the rows of Kafka, or why there are none."""
    table, stand = bench.table, bench.stand
    try:
        async with running(Kafka()) as (address, version):
            await relay(stand, address, _COUNT)  # it makes the topic
            sides = {
                "ours": lambda: relay(stand, address, _COUNT),
                "default": lambda: producer_alone(stand, address, _COUNT),
                "same": lambda: producer_alone(stand, address, _COUNT, max_batch_size=_OUR_BATCH),
            }
            found = await take_awaited(sides, _ROUNDS)
    except Missing as missing:
        table.add(Row("relay to Kafka", "", notes=[f"left out: {missing}"]))
        return
    note = "limit: a bare aiokafka producer, acks=all, idempotent, the same keys, headers and bodies from memory"
    default, same = found.only("ours", "", "default"), found.only("ours", "", "same")
    table.add(rates(f"relay to Kafka {version.split()[0]}", default, [_target(default)], [note]))
    table.add(rates("  beside one with batches like ours", same, [_target(same)]))


def _target(found: Samples) -> Target:
    return Target(f"≥ {_LEAST} of the limit", found.ratio("ours", "limit") >= _LEAST)


async def relay(stand: Stand, address: str, count: int) -> float:
    """Messages per second from a full outbox to the broker."""
    await stand.fill(count)
    before = await _there(address)
    async with KafkaMessageBroker(kafka_producer_factory(dsn=address, topics=["orders"])) as broker:
        worker = OutboxRelay(stand.outbox(), broker, wake_up="poll")
        begin = time.perf_counter()
        async with worker:
            await sent(worker, count)
            seconds = time.perf_counter() - begin
    must_be("messages in the topic", await _there(address) - before, count)
    await stand.must_hold()
    return count / seconds


async def producer_alone(stand: Stand, address: str, count: int, **options: Any) -> float:
    """The same messages, a thousand under way at a time, by the driver."""
    await stand.fill(count)
    before = await _there(address)
    messages = list(await stand.outbox().queue().take(range(PARTITIONS), count))
    given = [
        (
            m.envelope.body,
            (m.envelope.key or "").encode(),
            [(k, v.encode()) for k, v in m.envelope.to_headers().items()],
        )
        for m in messages
    ]
    library: Any = importlib.import_module("aiokafka")
    producer = library.AIOKafkaProducer(bootstrap_servers=address, acks="all", enable_idempotence=True, **options)
    await producer.start()
    begin = time.perf_counter()
    for start in range(0, count, 1_000):
        batch = given[start : start + 1_000]
        sent = [await producer.send("orders", body, key=key, headers=headers) for body, key, headers in batch]
        await asyncio.gather(*sent)
    seconds = time.perf_counter() - begin
    await producer.stop()
    must_be("messages in the topic", await _there(address) - before, count)
    return count / seconds


async def _there(address: str) -> int:
    """How many messages the topic has had so far."""
    library: Any = importlib.import_module("aiokafka")
    consumer = library.AIOKafkaConsumer(bootstrap_servers=address)
    await consumer.start()
    try:
        await consumer.topics()
        places = [library.TopicPartition("orders", no) for no in consumer.partitions_for_topic("orders") or ()]
        return sum((await consumer.end_offsets(places)).values()) if places else 0
    finally:
        await consumer.stop()
