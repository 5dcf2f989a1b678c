"""Workers refused by a broker or database at the start: `run` raises which one it was, or waits if configured to."""

from __future__ import annotations

import asyncio
import logging
import socket
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

import cqrs
from cqrs.assembly.memory_database import MemoryDatabase
from cqrs.errors import BrokerUnavailable, MessageRejected, WorkerCannotStart
from cqrs.message_brokers.amqp.broker import AMQPMessageBroker
from cqrs.message_brokers.kafka.broker import KafkaMessageBroker, KafkaMessageSource
from cqrs.message_brokers.kafka.producer import KafkaProducerAdapter
from cqrs.message_brokers.memory.broker import MemoryMessageBroker
from cqrs.message_brokers.nats.broker import NatsMessageBroker
from cqrs.testing.conformance.message_broker import an_envelope
from cqrs.workers.consumer.consumer import Consumer, ConsumerPolicy
from cqrs.workers.relay.outbox_relay import OutboxRelay
from cqrs.workers.relay.policy import RelayPolicy
from tests.helpers.waiting import until
from tests.integration.inbox.service import REGISTRY, Ordered
from tests.integration.inbox.test_consumer_brokers import BROKERS
from tests.integration.message_brokers.test_secured import BACKENDS

if TYPE_CHECKING:
    from cqrs.message_brokers.protocol import MessageBroker
    from cqrs.message_brokers.source import MessageSource
    from cqrs.workers.service import Service
    from tests.servers.client import Server

pytestmark = pytest.mark.server

WRONG = f"wrong-{uuid.uuid4().hex[:8]}"


class Nobody:
    def handles(self, event_type: type) -> bool:
        return False

    async def send(self, event: Any) -> None:
        raise NotImplementedError


def relay(database: Any, broker: MessageBroker, *, waits: bool = False) -> Service:
    return OutboxRelay(database.outbox, broker, RelayPolicy(wait_at_start=waits, lease=8.0), name="shop")


def consumer(database: Any, source: MessageSource, *, waits: bool = False) -> Service:
    given: Any = Nobody()
    return Consumer(
        source, given, name="shop", database=database, registry=REGISTRY, policy=ConsumerPolicy(wait_at_start=waits)
    )


async def refused(worker: Service, *named: str) -> None:
    """`run` ends soon, with the server, its address and the remedy in the error, but no password."""
    async with asyncio.timeout(45):
        with pytest.raises(WorkerCannotStart) as raised:
            await worker.run()
    said = str(raised.value)
    assert "shop" in said.partition(" cannot start: ")[0]
    for part in (*named, "Correct the address, user or password", "wait_at_start=True"):
        assert part in said
    assert WRONG not in said


async def waits(worker: Service, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "cqrs"):
        running = asyncio.create_task(worker.run())
        await until(lambda: any(words in caplog.text for words in (" waits", "without the database")))
        assert not running.done()
        running.cancel()
        await asyncio.wait([running])
    assert running.cancelled()
    assert WRONG not in caplog.text


@pytest.fixture
def topic() -> str:
    return f"t-{uuid.uuid4().hex[:12]}"


@pytest.mark.parametrize("name", ["kafka-plain", "nats", "rabbitmq", "redis"])
async def test_workers_with_a_wrong_password_of_the_broker_do_not_start(
    name: str, topic: str, request: pytest.FixtureRequest
) -> None:
    kind, server = BACKENDS[name]
    backend = kind(request.getfixturevalue(server))
    await refused(relay(MemoryDatabase(), backend.broker(topic, password=WRONG)), "127.0.0.1:", "password")
    await refused(consumer(MemoryDatabase(), backend.source(topic, password=WRONG)), "127.0.0.1:", "password")


ADDRESSES = {
    "kafka": "127.0.0.1:{}",
    "rabbitmq": "amqp://shop:" + WRONG + "@127.0.0.1:{}/",
    "nats": "nats://shop:" + WRONG + "@127.0.0.1:{}",
    "redis": "redis://shop:" + WRONG + "@127.0.0.1:{}",
}


@pytest.mark.parametrize("name", ADDRESSES)
async def test_workers_do_not_start_without_a_server_and_wait_if_configured_to(
    name: str, topic: str, caplog: pytest.LogCaptureFixture
) -> None:
    make, _ = BROKERS[name]
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{nobody.getsockname()[1]}"
        broker, source = make(ADDRESSES[name].format(nobody.getsockname()[1]), topic)
        await refused(relay(MemoryDatabase(), broker), place)
        await refused(consumer(MemoryDatabase(), source()), place)
        await waits(consumer(MemoryDatabase(), source(), waits=True), caplog)
        database = MemoryDatabase(registry=REGISTRY)
        async with database.outbox as session:
            database.outbox.add(session, Ordered(payload=1))
            await database.outbox.commit(session)
        caplog.clear()
        await waits(relay(database, broker, waits=True), caplog)
        assert place in caplog.text
        await broker.close()


def _ask_for_a_password(name: str, file: str) -> None:
    rules = Path(file)
    rules.write_text(f"host all {name} 127.0.0.1/32 scram-sha-256\n{rules.read_text()}")


async def _not_let_in(database: str, password: str, driver: str) -> str:
    """The address of ``database`` with a user whose password is another one."""
    url = make_url(database)
    name = f"visitor_{uuid.uuid4().hex[:8]}"
    engine = create_async_engine(url.set(drivername=driver))
    async with engine.begin() as connection:
        if "postgresql" in driver:
            await connection.execute(text(f"create role {name} login password '{password}'"))
            _ask_for_a_password(name, str(await connection.scalar(text("show hba_file"))))
            await connection.execute(text("select pg_reload_conf()"))
        else:
            await connection.execute(text(f"create user {name} identified by '{password}'"))
    await engine.dispose()
    return url.set(drivername=driver, username=name, password=WRONG).render_as_string(hide_password=False)


@pytest.mark.parametrize(
    ("server", "driver"), [("postgres_server", "postgresql+asyncpg"), ("mariadb_server", "mariadb+asyncmy")]
)
async def test_workers_refused_by_their_database_do_not_start_and_wait_if_configured_to(
    server: str, driver: str, request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> None:
    running: Server = request.getfixturevalue(server)
    right = f"right-{uuid.uuid4().hex[:8]}"
    address = await _not_let_in(running.address, right, driver)
    broker = MemoryMessageBroker()
    async with cqrs.Database(address, registry=REGISTRY) as database:
        await refused(relay(database, broker), "visitor_", "127.0.0.1:")
        await refused(consumer(database, broker.source("orders")), "visitor_", "127.0.0.1:")
        await waits(relay(database, broker, waits=True), caplog)
        caplog.clear()
        await waits(consumer(database, broker.source("orders"), waits=True), caplog)
    async with cqrs.Database(make_url(address).set(port=1).render_as_string(hide_password=False)) as nowhere:
        await refused(relay(nowhere, broker), "127.0.0.1:1")
        await refused(consumer(nowhere, broker.source("orders")), "127.0.0.1:1")


async def test_a_consumer_of_a_missing_kafka_topic_names_the_topic(strict_kafka: str, topic: str) -> None:
    source = KafkaMessageSource(strict_kafka, topic, "g")
    await refused(consumer(MemoryDatabase(), source), strict_kafka, f"it has no topic {topic}", "make the topic")


async def test_sending_to_a_missing_topic_fails_with_an_error_that_names_it(
    strict_kafka: str, rabbitmq_url: str, nats_url: str, topic: str
) -> None:
    kafka = KafkaMessageBroker(KafkaProducerAdapter(bootstrap_servers=strict_kafka))
    for broker in (kafka, AMQPMessageBroker(dsn=rabbitmq_url, exchange_name=topic), NatsMessageBroker(nats_url)):
        async with broker:
            (error,) = await broker.send([an_envelope(topic, 1)])
        assert isinstance(error, MessageRejected | BrokerUnavailable)  # a queue of RabbitMQ may be bound yet
        assert topic in str(error)
