"""Steps 5 and 6, what an envelope looks like in Kafka, and what any record of Kafka looks like as an envelope."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from cqrs.adapters.kafka_lane import Record
from cqrs.envelope import Envelope
from cqrs.errors.messages import InvalidEnvelope

if TYPE_CHECKING:
    from collections.abc import Callable

_BY_PLACE = uuid.UUID("6c4d3f0e-4a5b-5c36-9a0f-2f6f0d7a7c11")


def to_record(envelope: Envelope) -> Record:
    """The body as value, the key as key, all else in headers."""
    key = None if envelope.key is None else envelope.key.encode(errors="surrogatepass")
    try:
        headers = [(name, text.encode()) for name, text in envelope.to_headers().items()]
    except (AttributeError, ValueError) as error:
        return Record(envelope.topic, key, envelope.body, invalid=error)
    return Record(envelope.topic, key, envelope.body, headers)


def to_envelope(record: Any, foreign: Callable[[Any], Envelope]) -> Envelope:
    """The envelope in a record of aiokafka; ``foreign`` reads one that does not say which message it is."""
    try:
        return Envelope.from_headers(record.topic, record.value or b"", headers_of(record))
    except InvalidEnvelope:
        return foreign(record)


def by_place(record: Any) -> Envelope:
    """A message that was not sent by this package: its name is the topic, its id is made from its place.

    The id is the same at each delivery, to whichever group. A producer that sends a message twice makes two.
    """
    place = f"{record.topic}/{record.partition}/{record.offset}/{record.timestamp}"
    headers = headers_of(record)
    return Envelope(
        message_id=uuid.uuid5(_BY_PLACE, place),
        name=record.topic,
        topic=record.topic,
        body=record.value or b"",
        key=None if record.key is None else _text(record.key),
        content_type=headers.pop("content-type", "application/json"),
        content_encoding=headers.pop("content-encoding", None),
        headers=headers,
    )


def headers_of(record: Any) -> dict[str, str]:
    """The headers as text; of several with one name the last. A key that is null, as Debezium has it, is none."""
    return {name: _text(value or b"") for name, value in record.headers if (name, value) != ("message-key", None)}


def _text(raw: bytes) -> str:
    return raw.decode(errors="backslashreplace")  # never fails, and no two keys become one
