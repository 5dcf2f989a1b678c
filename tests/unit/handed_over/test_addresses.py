"""An address that leads nowhere is refused where it is given, and no refusal shows a password."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import cqrs
from cqrs.errors import CQRSError, InvalidArgument, WiringError
from cqrs.message_brokers.amqp.broker import AMQPMessageBroker
from cqrs.message_brokers.amqp.source import AMQPMessageSource
from cqrs.message_brokers.kafka.producer import KafkaConnection
from cqrs.message_brokers.memory.broker import MemoryMessageBroker
from cqrs.message_brokers.nats.broker import NatsMessageBroker
from cqrs.message_brokers.nats.source import NatsMessageSource
from cqrs.message_brokers.redis.broker import RedisMessageBroker
from cqrs.message_brokers.redis.source import RedisMessageSource
from cqrs.requests.bootstrap import bootstrap

if TYPE_CHECKING:
    from collections.abc import Callable

ADDRESSED: dict[str, Any] = {
    "amqp": lambda url: AMQPMessageBroker(dsn=url, exchange_name="shop"),
    "amqp source": lambda url: AMQPMessageSource(url, "orders", exchange_name="shop"),
    "nats": NatsMessageBroker,
    "nats source": lambda url: NatsMessageSource(url, "orders"),
    "redis": RedisMessageBroker,
    "redis source": lambda url: RedisMessageSource(url, "orders"),
}
NOWHERE = [
    "{}://",
    "{}:///shop",
    "{}://:5672/",
    "{}://user:s3cret@/shop",
    "{}://user@",
    "//host/",
    "http://host",
    "{}://host:x",
]


@pytest.mark.parametrize("what", ADDRESSED)
@pytest.mark.parametrize("address", NOWHERE)
def test_an_address_without_a_host_is_refused(what: str, address: str) -> None:
    with pytest.raises(InvalidArgument, match="write it as") as caught:
        ADDRESSED[what](address.format(what.split(maxsplit=1)[0]))
    assert "s3cret" not in f"{caught.value!r} {vars(caught.value)}"


@pytest.mark.parametrize("what", ["amqp", "amqp source", "redis", "redis source"])
def test_a_host_alone_is_no_url(what: str) -> None:
    with pytest.raises(InvalidArgument, match="write it as"):
        ADDRESSED[what]("localhost")


def test_redis_may_be_a_socket_and_nats_a_host() -> None:
    assert repr(RedisMessageBroker("unix:///run/redis.sock")).endswith("Redis at /run/redis.sock>")
    assert repr(NatsMessageBroker("localhost:4222")).endswith("NATS at localhost:4222>")


@pytest.mark.parametrize(
    "servers", [":9092", "h:", "h:x", "h:99999", "h:0", "h:1, :2", "a b:1", "//h", 5, ["h:1", 5], b"h"]
)
def test_servers_of_kafka_that_are_none_are_refused(servers: Any) -> None:
    with pytest.raises(WiringError, match="Write host:port"):
        KafkaConnection(bootstrap_servers=servers)


@pytest.mark.parametrize("servers", ["h", "h:9092", "h:1,k:2", ["h:1", "k"], "[::1]:9092", "::1", "h:9092,"])
def test_servers_of_kafka_are_places(servers: Any) -> None:
    KafkaConnection(bootstrap_servers=servers)


AT_HOME = "postgresql+asyncpg://shop:s3cret@host/shop"
DB = cqrs.MemoryDatabase()
REFUSALS: dict[str, Callable[[], object]] = {
    "container": lambda: bootstrap(AT_HOME, commands_mapper=lambda _: None),
    "database": lambda: bootstrap(cqrs.Resolver(), commands_mapper=lambda _: None, database=AT_HOME),  # type: ignore[arg-type]
    "bus": lambda: cqrs.CommandBus(AT_HOME),
    "wake-ups": lambda: cqrs.OutboxRelay(DB.outbox, MemoryMessageBroker(), wake_up=AT_HOME),
    "servers": lambda: NatsMessageBroker({"at": AT_HOME}),  # type: ignore[arg-type]
    "list of databases": lambda: cqrs.Database([AT_HOME]),  # type: ignore[arg-type]
    "factory": lambda: cqrs.Resolver().bind(int, AT_HOME),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
def test_no_refusal_shows_a_password(refusal: Callable[[], object]) -> None:
    with pytest.raises(CQRSError) as caught:
        refusal()
    assert "s3cret" not in f"{caught.value!r} {caught.value} {vars(caught.value)}"


@pytest.mark.parametrize("topics", [(), (["orders"],), ("",), (5,)])
@pytest.mark.parametrize(
    "made",
    [
        lambda *topics: MemoryMessageBroker().source(*topics),
        lambda *topics: RedisMessageSource("redis://h", *topics),
        lambda *topics: NatsMessageSource("nats://h", *topics),
        lambda *topics: AMQPMessageSource("amqp://h", *topics, exchange_name="x"),
    ],
    ids=["memory", "redis", "nats", "amqp"],
)
def test_a_source_without_topics_or_with_a_list_in_their_place_is_refused(made: Any, topics: Any) -> None:
    with pytest.raises(InvalidArgument, match="one topic or more, each as an argument of its own"):
        made(*topics)
