"""A server that accepts connections and does not answer counts as unreachable; no task and no connection is left."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING, Protocol

import pytest

from cqrs.errors import BrokerUnavailable
from cqrs.message_brokers.amqp.broker import AMQPMessageBroker
from cqrs.message_brokers.amqp.source import AMQPMessageSource
from cqrs.message_brokers.kafka.broker import KafkaMessageBroker, KafkaMessageSource
from cqrs.message_brokers.kafka.producer import kafka_producer_factory
from cqrs.message_brokers.nats.broker import NatsMessageBroker
from cqrs.message_brokers.nats.source import NatsMessageSource
from cqrs.message_brokers.protocol import MessageBroker
from cqrs.message_brokers.redis.broker import RedisMessageBroker
from cqrs.message_brokers.redis.source import RedisMessageSource
from cqrs.testing.conformance.message_broker import an_envelope

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable


class Started(Protocol):
    async def start(self) -> None: ...

    async def close(self) -> None: ...


class Silent(asyncio.Protocol):
    """A server that accepts connections, does not answer, and counts its clients."""

    def __init__(self) -> None:
        self.port = 0
        self.called = asyncio.Event()
        self.left = asyncio.Event()
        self._open = 0

    def connection_made(self, _: asyncio.BaseTransport) -> None:
        self._open += 1
        self.left.clear()
        self.called.set()

    def connection_lost(self, _: Exception | None) -> None:
        self._open -= 1
        if not self._open:
            self.left.set()


@pytest.fixture
async def silent() -> AsyncGenerator[Silent, None]:
    it = Silent()
    async with await asyncio.get_running_loop().create_server(lambda: it, "127.0.0.1", 0) as server:
        it.port = server.sockets[0].getsockname()[1]
        yield it


MAKERS: dict[str, Callable[..., Started]] = {
    "amqp-broker": lambda port, **o: AMQPMessageBroker(dsn=f"amqp://127.0.0.1:{port}/", exchange_name="x", **o),
    "amqp-source": lambda port, **o: AMQPMessageSource(f"amqp://127.0.0.1:{port}/", "t", exchange_name="x", **o),
    "kafka-broker": lambda port, **o: KafkaMessageBroker(kafka_producer_factory(f"127.0.0.1:{port}", **o)),
    "kafka-source": lambda port, **o: KafkaMessageSource(f"127.0.0.1:{port}", "t", "g", **o),
    "nats-broker": lambda port, **o: NatsMessageBroker(f"nats://127.0.0.1:{port}", **o),
    "nats-source": lambda port, **o: NatsMessageSource(f"nats://127.0.0.1:{port}", "t", **o),
    "redis-broker": lambda port, **o: RedisMessageBroker(f"redis://127.0.0.1:{port}", **o),
    "redis-source": lambda port, **o: RedisMessageSource(f"redis://127.0.0.1:{port}", "t", **o),
}
BROKERS = [name for name in MAKERS if name.endswith("broker")]


@pytest.mark.parametrize("name", BROKERS)
async def test_it_is_an_outage_for_all_that_is_sent(silent: Silent, name: str) -> None:
    broker = MAKERS[name](silent.port, timeout=0.2)
    assert isinstance(broker, MessageBroker)
    results = await broker.send([an_envelope("t", n) for n in range(3)])
    assert [type(result) for result in results] == [BrokerUnavailable] * 3
    assert all(f"127.0.0.1:{silent.port}" in str(result) for result in results)
    await broker.close()
    await silent.left.wait()


@pytest.mark.parametrize("name", MAKERS)
async def test_a_start_that_is_cancelled_leaves_nothing_behind(silent: Silent, name: str) -> None:
    before = asyncio.all_tasks()
    starting = asyncio.create_task(MAKERS[name](silent.port).start())
    await silent.called.wait()
    starting.cancel()
    await asyncio.wait([starting])
    assert starting.cancelled()
    assert asyncio.all_tasks() - before == set()
    del starting
    gc.collect()  # what is not closed warns, and a warning is an error
    await silent.left.wait()


@pytest.mark.parametrize("name", BROKERS)
async def test_closing_a_broker_ends_a_start_that_hangs(silent: Silent, name: str) -> None:
    before = asyncio.all_tasks()
    it = MAKERS[name](silent.port)
    starting = asyncio.create_task(it.start())
    await silent.called.wait()
    await it.close()
    with pytest.raises(BrokerUnavailable):  # its task was not cancelled
        await starting
    assert asyncio.all_tasks() - before == set()
    await silent.left.wait()
