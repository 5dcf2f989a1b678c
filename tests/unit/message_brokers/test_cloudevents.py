from __future__ import annotations

import base64
import json
import uuid
from typing import TYPE_CHECKING, Any, Literal

import pytest

from cqrs.errors import MessageRejected
from cqrs.message_brokers.cloudevents.wrappers import CloudEventsBroker, CloudEventsSource
from cqrs.message_brokers.memory.broker import MemoryMessageBroker
from cqrs.message_brokers.protocol import Message
from cqrs.testing.conformance.message_broker import MessageSourceConformance, an_envelope, received

if TYPE_CHECKING:
    from cqrs.envelope import Envelope
    from cqrs.message_brokers.protocol import MessageBroker
    from cqrs.message_brokers.source import MessageSource

Mode = Literal["binary", "structured"]


class CloudEventsBackend:
    features = MemoryMessageBroker.features

    def __init__(self, mode: Mode, *, prefix: str = "ce_") -> None:
        self.memory = MemoryMessageBroker()
        self._mode: Mode = mode
        self._prefix = prefix

    def broker(self) -> CloudEventsBroker:
        return CloudEventsBroker(self.memory, "/shop", self._mode, prefix=self._prefix)

    def source(self, topic: str, group: str) -> MessageSource:
        return CloudEventsSource(self.memory.source(topic, group=group), prefix=self._prefix)

    async def prepare(self, topic: str, groups: list[str]) -> None:
        pass


class CloudEventsConformance(MessageSourceConformance):
    async def test_an_unreadable_message_is_delivered_with_the_reason_and_delays_no_other(
        self, broker: MessageBroker, source: MessageSource, topic: str
    ) -> None:
        """The id of a CloudEvent can be any text, so that this one can be read."""
        assert await broker.send([an_envelope(topic, 0, message_id="order-7"), an_envelope(topic, 1)]) == [None] * 2
        first, second = [delivery.envelope for delivery in await received(source, 2)]
        assert first.message_id == uuid.uuid5(uuid.NAMESPACE_URL, "/shop#order-7")
        assert "unreadable" not in first.headers
        assert (first.body, second.body) == (b"0", b"1")


class TestBinary(CloudEventsConformance):
    @pytest.fixture
    def backend(self) -> CloudEventsBackend:
        return CloudEventsBackend("binary")


class TestStructured(CloudEventsConformance):
    @pytest.fixture
    def backend(self) -> CloudEventsBackend:
        return CloudEventsBackend("structured", prefix="ce-")


async def sent_as(mode: Mode, envelope: Envelope) -> Message:
    backend = CloudEventsBackend(mode)
    assert await backend.broker().send([envelope]) == [None]
    (message,) = backend.memory.sent
    return message


async def test_binary_mode_adds_headers_and_leaves_the_body() -> None:
    envelope = an_envelope("orders", 7, key="k", version=2, headers={"traceparent": "00-ab", "note": "x"})
    message = await sent_as("binary", envelope)
    assert message.payload == b"7"
    assert message.content_type == "application/json"
    assert message.headers == {
        "traceparent": "00-ab",
        "note": "x",
        "ce_specversion": "1.0",
        "ce_id": str(envelope.message_id),
        "ce_source": "/shop",
        "ce_type": "numbered",
        "ce_partitionkey": "k",
        "ce_dataversion": "2",
        "ce_traceparent": "00-ab",
    }


async def test_structured_mode_makes_a_document() -> None:
    envelope = an_envelope("orders", key="k", body=b'{"total":7}')
    message = await sent_as("structured", envelope)
    assert message.content_type == "application/cloudevents+json"
    assert json.loads(message.payload) == {
        "specversion": "1.0",
        "id": str(envelope.message_id),
        "source": "/shop",
        "type": "numbered",
        "partitionkey": "k",
        "datacontenttype": "application/json",
        "data": {"total": 7},
    }
    assert message.message_id == envelope.message_id  # our own headers say it, too


@pytest.mark.parametrize(
    "fields",
    [
        {"body": b'{"total": 7.10}'},
        {"body": b'{"a":1,"a":2}'},
        {"body": b"not json"},
        {"body": b"\x00\xff", "content_type": "application/x-protobuf"},
        {"body": b'{"total":7}', "content_encoding": "zlib"},
    ],
)
async def test_a_body_that_json_would_change_travels_as_base64(fields: dict[str, Any]) -> None:
    message = await sent_as("structured", an_envelope("orders", **fields))
    document = json.loads(message.payload)
    assert "data" not in document
    assert base64.b64decode(document["data_base64"]) == fields["body"]


async def read(envelope: Envelope, **options: Any) -> Envelope:
    memory = MemoryMessageBroker()
    await memory.send([envelope])
    (delivery,) = await received(CloudEventsSource(memory.source(envelope.topic), **options), 1)
    return delivery.envelope


def foreign(body: bytes, content_type: str = "application/json", **headers: str) -> Envelope:
    return an_envelope("orders", body=body, name="orders", content_type=content_type, headers=headers)


async def test_an_event_of_others_in_binary_mode_is_read() -> None:
    attributes = {"specversion": "1.0", "id": "A-1", "source": "/legacy", "type": "placed", "subject": "o7"}
    envelope = await read(foreign(b"{}", **{f"ce_{name}": value for name, value in attributes.items()}, other="x"))
    assert envelope.name == "placed"
    assert envelope.message_id == uuid.uuid5(uuid.NAMESPACE_URL, "/legacy#A-1")
    assert envelope.headers == {"other": "x", "ce_subject": "o7"}


async def test_an_event_of_others_in_structured_mode_is_read() -> None:
    document = {
        "specversion": "1.0",
        "id": str(uuid.UUID(int=7)),
        "source": "/legacy",
        "type": "placed",
        "time": "2026-11-21T00:00:00Z",
        "sequence": 3,
        "datacontenttype": "text/plain",
        "data": "hello",
    }
    envelope = await read(
        foreign(json.dumps(document).encode(), "application/cloudevents+json; charset=UTF-8"), keep_source=True
    )
    assert (envelope.message_id, envelope.name, envelope.body) == (uuid.UUID(int=7), "placed", b"hello")
    assert envelope.content_type == "text/plain"
    assert envelope.headers == {"ce_source": "/legacy", "ce_time": "2026-11-21T00:00:00Z", "ce_sequence": "3"}


@pytest.mark.parametrize(
    "envelope",
    [
        foreign(b"{}"),
        foreign(b"{}", ce_id="1"),
        foreign(b"[]", "application/cloudevents+json"),
        foreign(b'[{"specversion":"1.0","id":"1","source":"/a","type":"b"}]', "application/cloudevents-batch+json"),
        an_envelope("orders", body=b'{"specversion":"1.0","id":"1","source":"/a","type":"b"}'),  # the body of ours
        foreign(b"\xff", "application/cloudevents+json"),
        foreign(
            b'{"specversion":"1.0","id":"1","source":"/a","type":"b","data_base64":"?"}', "application/cloudevents+json"
        ),
    ],
)
async def test_an_envelope_that_is_no_cloud_event_is_read_unchanged(envelope: Envelope) -> None:
    assert await read(envelope) == envelope


async def test_on_nats_attributes_are_percent_encoded() -> None:
    backend = CloudEventsBackend("binary", prefix="ce-")
    sent = an_envelope("orders", name="naïve 100%", key='"k"', content_type="application/x-protobuf")
    assert await backend.broker().send([sent]) == [None]
    (message,) = backend.memory.sent
    assert message.headers["ce-type"] == "na%C3%AFve%20100%25"
    assert message.headers["ce-partitionkey"] == "%22k%22"
    assert message.headers["ce-datacontenttype"] == "application/x-protobuf"
    (delivery,) = await received(backend.source("orders", "g"), 1)
    assert delivery.envelope == sent


async def test_a_source_without_a_translator_understands_binary_mode() -> None:
    backend = CloudEventsBackend("binary")
    envelope = an_envelope("orders", 7, key="k")
    await backend.broker().send([envelope])
    (delivery,) = await received(backend.memory.source("orders"), 1)
    got = delivery.envelope
    assert (got.message_id, got.name, got.key, got.body) == (envelope.message_id, "numbered", "k", b"7")


async def test_a_message_that_cannot_be_encoded_is_rejected() -> None:
    with pytest.raises(MessageRejected):
        await CloudEventsBackend("binary").broker().send_message(Message("placed", "orders", object()))
