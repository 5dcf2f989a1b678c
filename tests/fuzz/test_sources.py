"""Each source is given messages of every kind, as its driver has them: an envelope comes out of each."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from aio_pika.message import IncomingMessage
from aiokafka import ConsumerRecord
from aiormq.abc import DeliveredMessage
from hypothesis import given
from hypothesis import strategies as st
from nats.aio.msg import Msg
from pamqp.commands import Basic
from pamqp.header import ContentHeader

from cqrs.message_brokers.amqp.source import AMQPMessageSource
from cqrs.message_brokers.cloudevents.wrappers import CloudEventsSource
from cqrs.message_brokers.kafka.wire import by_place, to_envelope
from cqrs.message_brokers.nats.source import NatsMessageSource
from cqrs.message_brokers.redis.source import StreamEntry
from cqrs.message_brokers.redis.source import _envelope as redis_envelope
from tests.fuzz.arriving import Arriving
from tests.fuzz.rubbish import bodies, envelopes, fuzzed, names, texts, values

if TYPE_CHECKING:
    from cqrs.envelope import Envelope

pytestmark = pytest.mark.slow

storable = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)  # what UTF-8 holds
raw = st.one_of(st.binary(max_size=40), storable.map(str.encode))
raw_names = st.one_of(names.filter(lambda name: name.isascii()).map(str.encode), raw)


@fuzzed
@given(
    headers=st.lists(st.tuples(st.one_of(names, storable), st.one_of(st.none(), raw)), max_size=6),
    key=st.one_of(st.none(), raw),
    value=st.one_of(st.none(), bodies),
)
def test_a_record_of_kafka(headers: list[Any], key: bytes | None, value: bytes | None) -> None:
    record = ConsumerRecord("orders", 0, 7, 1, 0, key, value, None, 0, 0, tuple(headers))
    made = to_envelope(record, by_place)
    assert made == to_envelope(record, by_place)  # the same at each delivery
    assert made.body == (value or b"")


@fuzzed
@given(fields=st.dictionaries(raw_names, raw, max_size=8), body=st.one_of(st.none(), bodies))
def test_an_entry_of_redis(fields: dict[bytes, bytes], body: bytes | None) -> None:
    entry = fields if body is None else {**fields, b"message-body": body}
    made = redis_envelope(StreamEntry("orders", "1-0", entry))
    assert made == redis_envelope(StreamEntry("orders", "1-0", entry))
    if body is not None:
        assert made.body == body


@fuzzed
@given(headers=st.one_of(st.none(), st.dictionaries(st.one_of(names, storable), texts, max_size=8)), body=bodies)
def test_a_message_of_nats(headers: dict[str, str] | None, body: bytes) -> None:
    source = NatsMessageSource("nats://127.0.0.1:1", "orders")
    reply = "$JS.ACK.stream.consumer.1.7.7.1700000000000000000.0"
    message = Msg(None, subject="orders", reply=reply, data=body, headers=headers)  # type: ignore[arg-type]
    made = source._envelope(message)
    assert made == source._envelope(message)
    assert made.body == body


PROPERTIES = ("message_id", "message_type", "content_type", "content_encoding", "correlation_id")
typed = st.one_of(values, st.binary(max_size=20), st.datetimes(timezones=st.just(dt.UTC)), st.decimals(), texts)


@fuzzed
@given(
    headers=st.dictionaries(st.one_of(names, storable), typed, max_size=8),
    properties=st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(
            ("message_id", "message_type", "content_type", "content_encoding", "correlation_id"), storable
        ),
    ),
    body=bodies,
)
async def test_a_message_of_rabbitmq(headers: dict[str, Any], properties: dict[str, str], body: bytes) -> None:
    source = AMQPMessageSource("amqp://127.0.0.1:1/", "orders", exchange_name="events")
    delivery = Basic.Deliver("consumer", 7, redelivered=False, exchange="events", routing_key="orders")
    header = ContentHeader(properties=Basic.Properties(headers=headers, **properties))
    message = IncomingMessage(DeliveredMessage(delivery, header, body, channel=None))  # type: ignore[arg-type]
    made = source._envelope(message)
    assert made.body == body


@fuzzed
@given(st.lists(envelopes(), min_size=1, max_size=4))
async def test_a_message_that_is_no_cloud_event_is_delivered_unchanged(batch: list[Envelope]) -> None:
    arriving = Arriving()
    arriving.put(batch)
    deliveries = await CloudEventsSource(arriving).receive(10)
    assert len(deliveries) == len(batch)
