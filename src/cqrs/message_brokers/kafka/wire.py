"""Steps 5 and 6, what an envelope looks like in Kafka, and what any record of Kafka looks like as an envelope."""

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
    """The body as value, the key as key, all else in headers. What cannot travel is invalid, with the reason."""
    try:
        headers = [(name, text.encode()) for name, text in outgoing_headers(envelope, broker).items()]
    except MessageRejected as error:
        # What has the same key must not overtake it.
        key = None if envelope.key is None else str(envelope.key).encode(errors="surrogatepass")
        return Record(envelope.topic, key, envelope.body, invalid=error)
    key = None if envelope.key is None else envelope.key.encode()
    return Record(envelope.topic, key, envelope.body, headers)


def to_envelope(record: Any, foreign: Callable[[Any], Envelope]) -> Envelope:
    """The envelope in a record of aiokafka; ``foreign`` reads one that does not say which message it is.

    What it raises is not passed on: it becomes the reason why the record cannot be read.
    """
    try:
        return Envelope.from_headers(record.topic, record.value or b"", headers_of(record))
    except InvalidEnvelope:
        return read_by(foreign, record, lambda error: _stand_in(unread, record, error))


def by_place(record: Any) -> Envelope:
    """A message that was not sent by this package: its name is the topic, its id is made from its place.

    The id is the same at each delivery, to whichever group. A producer that sends a message twice makes two. One that
    has a name, and yet cannot be read, has the header ``unreadable``.
    """
    return _stand_in(received, record)


def _stand_in(read: Callable[..., Envelope], record: Any, *error: Exception) -> Envelope:
    place = f"{record.topic}/{record.partition}/{record.offset}/{record.timestamp}"
    key = None if record.key is None else text_of(record.key)
    return read(record.topic, record.value or b"", headers_of(record), place, *error, key=key)


def headers_of(record: Any) -> dict[str, str]:
    """The headers as text; of several with one name the last. A key that is null, as Debezium has it, is none."""
    return {name: text_of(value or b"") for name, value in record.headers if (name, value) != ("message-key", None)}
