"""The consumer on each broker: every message takes effect once, also if it is delivered again."""

from __future__ import annotations

import dataclasses
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from cqrs.errors import BrokerUnavailable
from cqrs.message_brokers.amqp.broker import AMQPMessageBroker
from cqrs.message_brokers.amqp.source import AMQPMessageSource
from cqrs.message_brokers.kafka.broker import KafkaMessageBroker
from cqrs.message_brokers.kafka.producer import KafkaProducerAdapter
from cqrs.message_brokers.kafka.source import KafkaMessageSource
from cqrs.message_brokers.memory.broker import MemoryMessageBroker
from cqrs.message_brokers.nats.broker import NatsMessageBroker
from cqrs.message_brokers.nats.source import NatsMessageSource
from cqrs.message_brokers.nats.stream import NatsStream
from cqrs.message_brokers.redis.broker import RedisMessageBroker
from cqrs.message_brokers.redis.source import RedisMessageSource
from tests.helpers.waiting import until
from tests.integration.inbox.service import Shipping, ordered

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from cqrs.message_brokers.protocol import MessageBroker
    from cqrs.message_brokers.source import MessageSource
    from tests.integration.inbox.backends import Database


def memory(_: str, topic: str) -> tuple[MessageBroker, Callable[[], MessageSource]]:
    broker = MemoryMessageBroker()
    return broker, lambda: broker.source(topic)


def kafka(address: str, topic: str) -> tuple[MessageBroker, Callable[[], MessageSource]]:
    return KafkaMessageBroker(KafkaProducerAdapter(bootstrap_servers=address)), lambda: KafkaMessageSource(
        address, topic, "g", commit_interval=0.05
    )


def rabbitmq(address: str, topic: str) -> tuple[MessageBroker, Callable[[], MessageSource]]:
    exchange = f"x-{topic}"
    return (
        AMQPMessageBroker(dsn=address, exchange_name=exchange),
        lambda: AMQPMessageSource(address, topic, exchange_name=exchange),
    )


def nats(address: str, topic: str) -> tuple[MessageBroker, Callable[[], MessageSource]]:
    stream = NatsStream(name=f"s-{topic}", subjects=(topic,))
    return NatsMessageBroker(address, stream=stream), lambda: NatsMessageSource(address, topic, stream=stream)


def redis(address: str, topic: str) -> tuple[MessageBroker, Callable[[], MessageSource]]:
    return RedisMessageBroker(address), lambda: RedisMessageSource(address, topic, member="one")


BROKERS: dict[str, tuple[Any, str | None]] = {
    "memory": (memory, None),
    "kafka": (kafka, "kafka_bootstrap"),
    "rabbitmq": (rabbitmq, "rabbitmq_url"),
    "nats": (nats, "nats_url"),
    "redis": (redis, "redis_url"),
}


@pytest.fixture
def topic() -> str:
    return f"orders-{uuid.uuid4().hex[:12]}"


@pytest.fixture(
    params=["memory", *(pytest.param(name, marks=pytest.mark.server) for name in BROKERS if name != "memory")]
)
async def wire(request: pytest.FixtureRequest, topic: str) -> AsyncIterator[tuple[MessageBroker, Any]]:
    make, fixture = BROKERS[request.param]
    broker, source = make("" if fixture is None else request.getfixturevalue(fixture), topic)
    async with broker, source():  # a queue keeps what is sent after it was made
        pass
    async with broker:
        yield broker, source


async def send(broker: MessageBroker, topic: str, *numbers: int) -> None:
    envelopes = [ordered(n, key=str(n % 3), topic=topic).to_envelope() for n in numbers]

    async def all_are_sent() -> bool:
        return not any(await broker.send(envelopes))

    await until(all_are_sent, every=0.1)  # the topic may still be in the making


async def test_every_message_takes_effect_once_in_the_order_of_its_key(
    wire: tuple[MessageBroker, Callable[[], MessageSource]], topic: str, sqlite_database: Database
) -> None:
    broker, source = wire
    shipping = Shipping(sqlite_database)
    await send(broker, topic, *range(60))
    async with shipping.consumer(source(), batch_size=25):
        await shipping.until(60)
        await send(broker, topic, *range(60, 80))
        found = [int(one) for one in await shipping.until(80)]
    for key in range(3):
        assert [number for number in found if number % 3 == key] == list(range(key, 80, 3))


async def test_a_message_redelivered_after_a_lost_acknowledgement_has_no_second_effect(
    wire: tuple[MessageBroker, Callable[[], MessageSource]], topic: str, sqlite_database: Database
) -> None:
    broker, source = wire
    shipping = Shipping(sqlite_database)
    await send(broker, topic, *range(10))
    deaf = source()
    receive = deaf.receive

    async def receive_deaf(*given: Any) -> Any:
        return [_deaf(delivery) for delivery in await receive(*given)]

    deaf.receive = receive_deaf  # type: ignore[method-assign]
    async with shipping.consumer(deaf):
        await shipping.until(10)
    # The next consumer gets all of them again, and one that is new.
    await send(broker, topic, 10)
    async with shipping.consumer(source()):
        await shipping.until(11)
    async with source() as empty:
        assert list(await empty.receive(timeout=0.5)) == []
    assert sorted(map(int, await sqlite_database.effects())) == list(range(11))


def _deaf(delivery: Any) -> Any:
    """The same delivery, from a broker that receives no acknowledgement."""

    class Deaf:
        envelope, attempt, nack = delivery.envelope, delivery.attempt, delivery.nack

        async def ack(self) -> None:
            await delivery.nack()
            raise BrokerUnavailable("broker", "it does not hear")

    return Deaf()


async def test_a_message_that_cannot_be_read_is_parked_with_its_bytes_and_holds_nothing_up(
    wire: tuple[MessageBroker, Callable[[], MessageSource]], topic: str, sqlite_database: Database
) -> None:
    broker, source = wire
    shipping = Shipping(sqlite_database)
    good = [ordered(n, key=str(n), topic=topic).to_envelope() for n in range(3)]
    nameless: Any = dataclasses.replace(good[0], message_id="order-7", key="a")  # type: ignore[arg-type]
    unversioned: Any = dataclasses.replace(good[1], message_id=uuid.uuid4(), version="two", key="b")  # type: ignore[arg-type]
    await send(broker, topic)
    assert await broker.send([nameless, unversioned, *good]) == [None] * 5
    async with shipping.consumer(source(), on_unknown="skip"):
        assert sorted(await shipping.until(3)) == ["0", "1", "2"]
        parked = await shipping.until_parked(2)
    reasons = {one.envelope.key: (one.envelope.body, one.envelope.headers["unreadable"]) for one in parked}
    assert reasons == {
        "a": (good[0].body, "ValueError: badly formed hexadecimal UUID string"),
        "b": (good[1].body, "ValueError: invalid literal for int() with base 10: 'two'"),
    }
    async with source() as again:
        assert list(await again.receive(timeout=0.2)) == []
