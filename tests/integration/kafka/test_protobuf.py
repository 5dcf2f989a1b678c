"""Protobuf over a real Kafka, read by a consumer that knows nothing but Kafka and the generated class."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest
from aiokafka import AIOKafkaConsumer
from sqlalchemy.ext.asyncio import create_async_engine

import cqrs
from cqrs.deserializers.events import EventDecoder
from cqrs.events.registry import EventRegistry
from cqrs.message_brokers.compressed import CompressedBroker
from cqrs.outbox.sqlalchemy.repository import SqlAlchemyOutboxedEventRepository
from cqrs.serializers.protobuf import ProtobufSerializer
from cqrs.serializers.protobuf_reader import ProtobufDeserializer
from cqrs.testing.conformance.message_broker import received
from tests.generated import orders_pb2
from tests.integration.sqlalchemy.backends import SqlBackend

if TYPE_CHECKING:
    from pathlib import Path

    from cqrs.message_brokers.protocol import MessageBroker
    from tests.integration.kafka.backend import KafkaBackend


class OrderPlaced(cqrs.NotificationEvent[int]):
    event_name: str = "order_placed"

    @property
    def message_key(self) -> str:
        return str(self.payload)

    def proto(self) -> orders_pb2.OrderPlaced:
        return orders_pb2.OrderPlaced(event_id=str(self.event_id), order_id=self.payload, note=self.topic)

    @classmethod
    def from_proto(cls, proto: Any) -> OrderPlaced:
        return cls(event_id=uuid.UUID(proto.event_id), payload=proto.order_id, topic=proto.note)


@pytest.fixture
def registry() -> EventRegistry:
    registry = EventRegistry()
    registry.register(OrderPlaced, "order_placed")
    return registry


async def relay(folder: Path, registry: EventRegistry, broker: MessageBroker, *events: OrderPlaced) -> None:
    engine = create_async_engine(f"sqlite+aiosqlite:///{folder / 'outbox.db'}")
    backend = SqlBackend(engine)
    await backend.create()
    outbox = SqlAlchemyOutboxedEventRepository(
        backend.sessions, cqrs.ZlibCompressor(), registry=registry, serializer=ProtobufSerializer()
    )
    async with outbox as session:
        for event in events:
            outbox.add(session, event)
        await outbox.commit(session)
    forwarding = SqlAlchemyOutboxedEventRepository(backend.sessions, registry=EventRegistry())
    producer = cqrs.EventProducer(broker, forwarding)
    for taken in await forwarding.get_many():
        assert await producer.send_message(taken)
    await forwarding.commit()
    await engine.dispose()


async def test_a_bare_consumer_decodes_it_with_the_generated_class(
    backend: KafkaBackend, kafka_bootstrap: str, topic: str, registry: EventRegistry, tmp_path: Path
) -> None:
    event = OrderPlaced(payload=7, topic=topic)
    async with backend.broker() as broker:
        await relay(tmp_path, registry, broker, event)
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=kafka_bootstrap, auto_offset_reset="earliest")
    async with consumer:
        record = await consumer.getone()
    assert orders_pb2.OrderPlaced.FromString(record.value) == event.proto()
    assert dict(record.headers)["content-type"] == b"application/protobuf"
    assert record.key == b"7"


async def test_a_consumer_deserializes_it_by_the_class_of_the_event(
    backend: KafkaBackend, kafka_bootstrap: str, topic: str, registry: EventRegistry, tmp_path: Path
) -> None:
    event = OrderPlaced(payload=7, topic=topic)
    async with backend.broker() as broker:
        await relay(tmp_path, registry, broker, event)
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=kafka_bootstrap,
        auto_offset_reset="earliest",
        value_deserializer=ProtobufDeserializer(OrderPlaced),
    )
    async with consumer:
        got = (await consumer.getone()).value
    assert (got.event_id, got.payload, got.topic) == (event.event_id, 7, topic)


async def test_it_comes_through_compressed(
    backend: KafkaBackend, topic: str, registry: EventRegistry, tmp_path: Path
) -> None:
    events = [OrderPlaced(payload=number, topic=topic) for number in (7, 8)]
    async with CompressedBroker(backend.broker(), cqrs.ZlibCompressor(), min_size=0) as broker:
        await relay(tmp_path, registry, broker, *events)
    async with backend.source(topic, "one") as source:
        deliveries = await received(source, 2)
    decode = EventDecoder(registry, ProtobufSerializer())
    assert [decode(d.envelope).event_id for d in deliveries] == [event.event_id for event in events]
