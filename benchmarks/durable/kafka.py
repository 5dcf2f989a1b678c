"""From the outbox to a real Kafka, beside a bare producer that has the same bytes in memory."""

from __future__ import annotations

import asyncio
import importlib
import tempfile
import time
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.durable import lines
from cqrs.adapters.kafka import kafka_producer_factory
from cqrs.message_brokers.kafka import KafkaMessageBroker
from cqrs.outbox.rows import PARTITIONS
from cqrs.workers import OutboxRelay
from tests.servers.kafka import Kafka
from tests.servers.recipe import Missing
from tests.servers.running import Running

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from benchmarks.durable.shop import Stand


_COUNT = 30_000
_LEAST = 0.7


async def show(stand: Stand) -> None:
    """Print all of it, or why it cannot be measured."""
    try:
        async with kafka() as (address, version):
            rounds = [
                (await relay(stand, address, _COUNT), await producer_alone(stand, address, _COUNT))
                for _ in range(lines.ROUNDS + 1)
            ][1:]  # the first one makes the topic
    except Missing as missing:
        lines.line("relay to Kafka", f"left out: {missing}")
        return
    mine, bare = (median(side) for side in zip(*rounds, strict=True))
    share = median(mine / bare for mine, bare in rounds)
    found = f"{mine:,.0f}/s, {share:.2f} of a bare producer ({bare:,.0f}/s)"
    lines.line(f"relay to Kafka {version}", found, f">= {_LEAST}", share >= _LEAST)


@asynccontextmanager
async def kafka() -> AsyncGenerator[tuple[str, str], None]:
    """Address and version of a server that ends with the block. Raises ``Missing`` where there is none to be had."""
    recipe = Kafka()
    version = recipe.provide()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        server = Running(recipe, Path(folder) / "server")
        await server.start()
        try:
            yield server.address, version
        finally:
            await server.stop()


async def relay(stand: Stand, address: str, count: int) -> float:
    """Messages per second from a full outbox to the broker."""
    await stand.fill(count)
    async with KafkaMessageBroker(kafka_producer_factory(dsn=address, topics=["orders"])) as broker:
        worker = OutboxRelay(stand.outbox(), broker, wake_up="poll")
        begin = time.perf_counter()
        async with worker:
            while worker.sent < count:  # noqa: ASYNC110  # it counts, and tells nobody
                await asyncio.sleep(0.002)
            return count / (time.perf_counter() - begin)


async def producer_alone(stand: Stand, address: str, count: int) -> float:
    """The same keys, headers and bodies by aiokafka: acks=all, idempotent, as many under way as it takes."""
    await stand.fill(count)
    messages: list[Any] = list(await stand.outbox().queue().take(range(PARTITIONS), count))
    given = [
        (m.envelope.body, m.envelope.key.encode(), [(k, v.encode()) for k, v in m.envelope.to_headers().items()])
        for m in messages
    ]
    library: Any = importlib.import_module("aiokafka")
    producer = library.AIOKafkaProducer(bootstrap_servers=address, acks="all", enable_idempotence=True)
    await producer.start()
    begin = time.perf_counter()
    for start in range(0, count, 1_000):
        batch = given[start : start + 1_000]
        sent = [await producer.send("orders", body, key=key, headers=headers) for body, key, headers in batch]
        await asyncio.gather(*sent)
    seconds = time.perf_counter() - begin
    await producer.stop()
    return count / seconds
