"""Events that travel as protobuf: event, outbox, broker, consumer."""

from __future__ import annotations

import dataclasses
import uuid
from typing import TYPE_CHECKING, Any

import pydantic
import pytest
from google.protobuf.message import DecodeError

import cqrs
from cqrs.deserializers import DeserializeError, DeserializeJsonError, DeserializeProtobufError
from cqrs.deserializers.events import EventDecoder
from cqrs.errors import InvalidEnvelope, ProtobufNotImplemented, UnknownCompression, UnknownEvent, WiringError
from cqrs.events import bootstrap as events
from cqrs.events.registry import EventRegistry
from cqrs.message_brokers.cloudevents.wrappers import CloudEventsBroker, CloudEventsSource
from cqrs.message_brokers.compressed import CompressedBroker
from cqrs.message_brokers.memory.broker import MemoryMessageBroker
from cqrs.outbox import MemoryOutboxedEventRepository
from cqrs.requests import bootstrap as requests
from cqrs.serializers import JsonSerializer
from cqrs.serializers.protobuf import ProtobufSerializer
from cqrs.serializers.protobuf_reader import ProtobufDeserializer
from tests.generated import orders_pb2

if TYPE_CHECKING:
    from cqrs.envelope import Envelope
    from cqrs.message_brokers.protocol import MessageBroker


class Order(pydantic.BaseModel, frozen=True):
    id: int
    note: str = ""
    skus: tuple[str, ...] = ()


class OrderPlaced(cqrs.NotificationEvent[Order]):
    event_name: str = "order_placed"
    topic: str = "orders"

    def proto(self) -> orders_pb2.OrderPlaced:
        order = self.payload
        return orders_pb2.OrderPlaced(
            event_id=str(self.event_id), order_id=order.id, note=order.note, skus=list(order.skus)
        )

    @classmethod
    def from_proto(cls, proto: Any) -> OrderPlaced:
        order = Order(id=proto.order_id, note=proto.note, skus=tuple(proto.skus))
        return cls(event_id=uuid.UUID(proto.event_id), payload=order)


class Unannotated(OrderPlaced):
    def proto(self):  # type: ignore[no-untyped-def]  # noqa: ANN201
        return super().proto()


class HiddenOrder(OrderPlaced):
    def proto(self) -> Hidden:  # type: ignore[name-defined]  # noqa: F821
        return super().proto()


class Plain(cqrs.NotificationEvent[int]):
    event_name: str = "plain"
    topic: str = "orders"


class Place(cqrs.Request):
    event: Any


class PlaceHandler(cqrs.RequestHandler[Place, None]):
    async def handle(self, request: Place) -> None:
        self.record(request.event)


seen: list[tuple[Any, ...]] = []


@pytest.fixture(autouse=True)
def _nothing_seen() -> None:
    seen.clear()


class SeeHandler(cqrs.EventHandler[OrderPlaced]):
    async def handle(self, event: OrderPlaced) -> None:
        seen.append((event.event_id, event.payload))


class SeePlainHandler(cqrs.EventHandler[Plain]):
    async def handle(self, event: Plain) -> None:
        seen.append((event.event_id, event.payload))


def a_registry() -> EventRegistry:
    registry = EventRegistry()
    registry.register(OrderPlaced, "order_placed")
    registry.register(Plain, "plain")
    return registry


def an_order(note: str = "ü") -> OrderPlaced:
    return OrderPlaced(payload=Order(id=7, note=note, skus=("a", "b")))


async def relayed(outbox: MemoryOutboxedEventRepository, broker: MessageBroker, *events: Any) -> None:
    async with outbox:
        for event in events:
            outbox.add(event)
        await outbox.commit()
    producer = cqrs.EventProducer(broker, outbox)
    for taken in await outbox.get_many():
        assert await producer.send_message(taken)
    await outbox.commit()


async def consumed(source: Any, decode: EventDecoder, count: int = 1) -> None:
    def bind(event_map: cqrs.EventMap) -> None:
        event_map.bind(OrderPlaced, SeeHandler)
        event_map.bind(Plain, SeePlainHandler)

    worker = cqrs.Consumer(
        source,
        events.bootstrap(events_mapper=bind),
        name="shipping",
        inbox=cqrs.MemoryInboxRepository(),
        unit_of_work=cqrs.MemoryUnitOfWork,
        decode=decode,
        policy=cqrs.ConsumerPolicy(receive_timeout=0.02),
    )
    async with worker:
        await worker.started()
    assert len(seen) == count


def decoder(**options: Any) -> EventDecoder:
    return EventDecoder(a_registry(), ProtobufSerializer(), **options)


@pytest.mark.parametrize("stored_by", [None, cqrs.ZlibCompressor()])
async def test_an_event_comes_through_outbox_broker_and_consumer(stored_by: Any) -> None:
    outbox = MemoryOutboxedEventRepository(stored_by, registry=a_registry(), serializer=ProtobufSerializer())
    broker, event = MemoryMessageBroker(), an_order()
    await relayed(outbox, broker, event)
    (message,) = broker.sent
    assert message.to_envelope().to_headers()["content-type"] == "application/protobuf"
    assert orders_pb2.OrderPlaced.FromString(message.payload).order_id == 7
    await consumed(broker.source("orders"), decoder())
    assert seen == [(event.event_id, event.payload)]


async def test_a_row_taken_from_the_outbox_holds_the_event() -> None:
    outbox = MemoryOutboxedEventRepository(registry=a_registry(), serializer=ProtobufSerializer())
    event = an_order()
    async with outbox:
        outbox.add(event)
        await outbox.commit()
    (taken,) = await outbox.get_many()
    assert taken.event.event_id == event.event_id
    assert taken.event.payload == event.payload


@pytest.mark.parametrize("mode", ["binary", "structured"])
async def test_it_comes_through_compressed_and_as_a_cloud_event(mode: Any) -> None:
    broker, event = MemoryMessageBroker(), an_order("long " * 1000)
    way = CompressedBroker(CloudEventsBroker(broker, "/shop", mode), cqrs.ZlibCompressor())
    outbox = MemoryOutboxedEventRepository(registry=a_registry(), serializer=ProtobufSerializer())
    await relayed(outbox, way, event)
    envelope = broker.sent[0].to_envelope()
    assert len(envelope.body) < 1000
    assert (b"data_base64" in envelope.body) == (mode == "structured")
    await consumed(CloudEventsSource(broker.source("orders")), decoder())
    assert seen == [(event.event_id, event.payload)]


async def test_events_sent_without_an_outbox_are_protobuf_too() -> None:
    broker, event = MemoryMessageBroker(), an_order()
    mediator = requests.bootstrap(
        message_broker=broker, serializer=ProtobufSerializer(), commands_mapper=lambda m: m.bind(Place, PlaceHandler)
    )
    await mediator.send(Place(event=event))
    await consumed(broker.source("orders"), decoder())
    assert seen == [(event.event_id, event.payload)]


def test_an_outbox_has_a_serializer_of_its_own() -> None:
    with pytest.raises(WiringError, match="Pass the serializer to the outbox"):
        requests.bootstrap(outbox=MemoryOutboxedEventRepository(), serializer=ProtobufSerializer())


async def test_an_event_without_a_protobuf_form_is_refused_at_add() -> None:
    outbox = MemoryOutboxedEventRepository(registry=a_registry(), serializer=ProtobufSerializer())
    async with outbox:
        with pytest.raises(ProtobufNotImplemented):
            outbox.add(Plain(payload=1))
    assert not outbox.store.rows


async def test_both_forms_can_share_an_outbox_and_a_topic() -> None:
    both = ProtobufSerializer(fallback=JsonSerializer())
    outbox = MemoryOutboxedEventRepository(registry=a_registry(), serializer=both)
    broker, order, plain = MemoryMessageBroker(), an_order(), Plain(payload=1)
    await relayed(outbox, broker, order, plain)
    assert [message.content_type for message in broker.sent] == ["application/protobuf", "application/json"]
    await consumed(broker.source("orders"), decoder(), count=2)
    assert seen == [(order.event_id, order.payload), (plain.event_id, 1)]


@pytest.mark.parametrize(
    "content_type",
    ["application/x-protobuf", "application/vnd.google.protobuf", "Application/Protobuf; messageType=shop.OrderPlaced"],
)
def test_other_names_of_protobuf_are_understood(content_type: str) -> None:
    event = an_order()
    body, sent_as = ProtobufSerializer(content_type="application/x-protobuf").serialize(event)
    assert sent_as == "application/x-protobuf"
    assert ProtobufSerializer().deserialize(body, content_type, OrderPlaced).payload == event.payload


def test_the_generated_class_is_passed_where_no_annotation_names_it() -> None:
    body, content_type = ProtobufSerializer().serialize(an_order())
    for event_type in (Unannotated, HiddenOrder, Plain):
        with pytest.raises(WiringError, match="Pass the class that protoc has made"):
            ProtobufSerializer().deserialize(body, content_type, event_type)
    named = ProtobufSerializer({Unannotated: orders_pb2.OrderPlaced})
    assert named.deserialize(body, content_type, Unannotated).payload.id == 7


def test_a_model_without_from_proto_is_refused_at_once() -> None:
    with pytest.raises(WiringError, match="no from_proto"):
        ProtobufDeserializer(Order, orders_pb2.OrderPlaced)


def test_a_deserializer_never_raises() -> None:
    read = ProtobufDeserializer(OrderPlaced)
    event = an_order()
    assert read(event.proto().SerializeToString()).payload == event.payload
    assert read(None) is None
    unread = read(b"\xff\xff")
    assert isinstance(unread, DeserializeProtobufError)
    assert (unread.error_type, unread.message_data) == (DecodeError, b"\xff\xff")
    assert isinstance(read(b""), DeserializeError)  # every field has its default, and "" is no event id


def sent(event: OrderPlaced, **changes: Any) -> Envelope:
    body, content_type = ProtobufSerializer().serialize(event)
    message = cqrs.message_brokers.Message("order_placed", "orders", body, content_type=content_type)
    return dataclasses.replace(message.to_envelope(), **changes)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"body": b"\xff\xff"}, InvalidEnvelope),
        ({"content_type": "application/json"}, InvalidEnvelope),
        ({"content_type": "application/json", "body": b""}, InvalidEnvelope),
        ({"content_encoding": "brotli"}, UnknownCompression),
        ({"name": "other"}, UnknownEvent),
    ],
)
def test_an_unreadable_body_raises_the_reason(changes: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        decoder()(sent(an_order(), **changes))


def test_json_names_the_content_type_it_could_not_read() -> None:
    body, content_type = ProtobufSerializer().serialize(an_order())
    with pytest.raises(DeserializeJsonError) as raised:
        JsonSerializer().deserialize(body, content_type, OrderPlaced)
    assert raised.value.__notes__ == ["Its content type is application/protobuf."]
