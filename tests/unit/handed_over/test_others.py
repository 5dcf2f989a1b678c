"""Brokers, sources, containers, deserializers and HTTP refuse what they cannot work with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import fastapi
import pytest

import cqrs
from cqrs.container.dependency_injector.container import DependencyInjectorCQRSContainer
from cqrs.container.di.container import DIContainer
from cqrs.container.dishka.container import DishkaContainer
from cqrs.deserializers import JsonDeserializer
from cqrs.deserializers.events import EventDecoder
from cqrs.integrations.fastapi import install_error_handlers, sse
from cqrs.message_brokers.amqp.broker import AMQPMessageBroker
from cqrs.message_brokers.amqp.source import AMQPMessageSource
from cqrs.message_brokers.kafka.broker import KafkaMessageBroker
from cqrs.message_brokers.kafka.producer import KafkaProducer
from cqrs.message_brokers.kafka.source import KafkaMessageSource
from cqrs.message_brokers.nats.broker import NatsMessageBroker
from cqrs.message_brokers.nats.source import NatsMessageSource
from cqrs.message_brokers.redis.broker import RedisMessageBroker
from cqrs.message_brokers.redis.source import RedisMessageSource
from cqrs.middlewares.logging import LoggingMiddleware
from tests.unit.handed_over import things
from tests.unit.handed_over.things import Note, Nothing, broker, coroutine, refused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ADDRESSED: dict[str, Any] = {
    "NATS": NatsMessageBroker,
    "Redis": RedisMessageBroker,
    "Kafka source": lambda address: KafkaMessageSource(address, "orders", "billing"),
    "RabbitMQ source": lambda address: AMQPMessageSource(address, "orders", exchange_name="shop"),
    "NATS source": lambda address: NatsMessageSource(address, "orders"),
    "Redis source": lambda address: RedisMessageSource(address, "orders"),
}


@pytest.mark.parametrize("made", ADDRESSED)
@pytest.mark.parametrize("address", [broker, type(broker), None, 3, "", things.source])
def test_an_invalid_address_of_a_server_is_refused(made: str, address: Any) -> None:
    refused(lambda: ADDRESSED[made](address))


def test_an_address_of_another_kind_is_refused() -> None:
    refused(lambda: RedisMessageBroker(things.URL), "write it as redis://")


@pytest.mark.parametrize("given", [things.URL, KafkaProducer, broker])
def test_a_kafka_broker_without_a_producer_is_refused(given: Any) -> None:
    refused(lambda: KafkaMessageBroker(given), "give a KafkaProducer(...)")


@pytest.mark.parametrize("given", [things.URL, AMQPMessageBroker, broker])
def test_a_rabbitmq_broker_without_a_publisher_is_refused(given: Any) -> None:
    refused(lambda: AMQPMessageBroker(given, "shop"), "the address of the server as dsn=")


@pytest.mark.parametrize(
    "make",
    [
        lambda: KafkaMessageSource("h", 3, "billing"),  # type: ignore[arg-type]
        lambda: KafkaMessageSource("h", [], "billing"),
        lambda: KafkaMessageSource("h", "orders", 3),  # type: ignore[arg-type]
        lambda: AMQPMessageSource("amqp://h", exchange_name="shop"),
        lambda: AMQPMessageSource("amqp://h", ["orders"], exchange_name="shop"),  # type: ignore[arg-type]
        lambda: NatsMessageSource("h"),
        lambda: NatsMessageSource("h", ["orders"]),  # type: ignore[arg-type]
        lambda: RedisMessageSource("redis://h"),
        lambda: RedisMessageSource("redis://h", ["orders"]),  # type: ignore[arg-type]
        lambda: RedisMessageSource("redis://h", "orders", group=3),  # type: ignore[arg-type]
    ],
)
def test_a_source_without_topics_or_group_is_refused(make: Any) -> None:
    refused(make)


@pytest.mark.parametrize(
    "bind",
    [
        lambda resolver: resolver.bind(Nothing, Nothing()),
        lambda resolver: resolver.bind(Nothing(), Nothing),
        lambda resolver: resolver.bind(Nothing, Nothing, lifetime="forever"),
        lambda resolver: resolver.bind_instance(Nothing, Nothing),
    ],
)
def test_a_resolver_refuses_bindings_of_the_wrong_things(bind: Any) -> None:
    refused(lambda: bind(cqrs.Resolver()))


@pytest.mark.parametrize("adapter", [DIContainer, DishkaContainer, DependencyInjectorCQRSContainer])
@pytest.mark.parametrize("given", ["container", Nothing(), cqrs.Resolver()])
def test_an_adapter_of_another_container_is_refused(adapter: Any, given: Any) -> None:
    refused(lambda: adapter(given))


@pytest.mark.parametrize(
    "make",
    [
        lambda: JsonDeserializer(Note(event_name="noted", payload=1)),  # type: ignore[arg-type]
        lambda: JsonDeserializer("Note"),  # type: ignore[arg-type]
        lambda: EventDecoder("events"),  # type: ignore[arg-type]
        lambda: EventDecoder(cqrs.EventRegistry),  # type: ignore[arg-type]
        lambda: LoggingMiddleware("shop"),  # type: ignore[arg-type]
    ],
)
def test_readers_and_loggers_of_the_wrong_kind_are_refused(make: Any) -> None:
    refused(make)


async def chunks() -> AsyncIterator[int]:
    yield 1


@pytest.mark.parametrize(
    ("given", "options"),
    [
        (lambda: [1], {}),
        (coroutine, {}),
        (lambda: chunks, {}),
        (chunks, {"keep_alive": "15"}),
        (chunks, {"encode": 3}),
    ],
)
def test_a_stream_that_is_none_is_refused(given: Any, options: dict[str, Any]) -> None:
    refused(lambda: sse(given(), **options))


@pytest.mark.parametrize(
    ("app", "errors"),
    [
        (fastapi.FastAPI, {}),
        (fastapi.APIRouter(), {}),
        (fastapi.FastAPI(), [ValueError]),
        (fastapi.FastAPI(), {ValueError: coroutine}),
    ],
)
def test_error_handlers_of_the_wrong_kind_are_refused(app: Any, errors: Any) -> None:
    refused(lambda: install_error_handlers(app, errors))
