"""Convert envelopes to records of Kafka, and records to envelopes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqrs.envelope import Envelope
from cqrs.errors.messages import InvalidEnvelope, MessageRejected
from cqrs.message_brokers.foreign import read_by, received, text_of, unread
from cqrs.message_brokers.kafka.lane import Record
from cqrs.message_brokers.outgoing import headers_of as outgoing_headers

if TYPE_CHECKING:
    from collections.abc import Callable


def to_record(envelope: Envelope, broker: str) -> Record:
    """The record of ``envelope``: body as value, key as key, all else as headers; ``invalid`` if it cannot be sent."""
    try:
        headers = [(name, text.encode()) for name, text in outgoing_headers(envelope, broker).items()]
    except MessageRejected as error:
        # It keeps its key, so that later messages of the key are not sent before it.
        key = None if envelope.key is None else str(envelope.key).encode(errors="surrogatepass")
        return Record(envelope.topic, key, envelope.body, invalid=error)
    key = None if envelope.key is None else envelope.key.encode()
    return Record(envelope.topic, key, envelope.body, headers)


def to_envelope(record: Any, read: Callable[[Any], Envelope]) -> Envelope:
    """The envelope of a record of aiokafka; ``read`` makes it if the headers do not describe one.

    If ``read`` raises, the error becomes the reason why the record is unreadable.
    """
    try:
        return Envelope.from_headers(record.topic, record.value or b"", headers_of(record))
    except InvalidEnvelope:
        return read_by(read, record, lambda error: _stand_in(unread, record, error))


def by_place(record: Any) -> Envelope:
    """The envelope of a record that was not sent by this package: its topic as name, an id made from its position.

    The id is the same at each delivery and in each group. A message that its producer sends twice is two messages. A
    record that has a name and cannot be read gets the header ``unreadable``.
    """
    return _stand_in(received, record)


def _stand_in(make: Callable[..., Envelope], record: Any, *error: Exception) -> Envelope:
    place = f"{record.topic}/{record.partition}/{record.offset}/{record.timestamp}"
    key = None if record.key is None else text_of(record.key)
    return make(record.topic, record.value or b"", headers_of(record), place, *error, key=key)


def headers_of(record: Any) -> dict[str, str]:
    """The headers as text; of several with one name the last. A null key, as Debezium sends it, is left out."""
    return {name: text_of(value or b"") for name, value in record.headers if (name, value) != ("message-key", None)}
