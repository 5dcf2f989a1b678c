"""The port of brokers, which carry messages to other services."""

from __future__ import annotations

import abc
import dataclasses
import uuid
from typing import TYPE_CHECKING, Any, Self

from cqrs._messages.limits import refuse_hidden, sendable
from cqrs._renamed import renamed_fields
from cqrs.context import headers_of
from cqrs.envelope import JSON, Envelope, encoded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cqrs.serializers.protocol import Serializer


@dataclasses.dataclass(frozen=True)
class Message:
    """A notification as a broker sends it.

    ``message_id`` is the id of the event and the same each time it is sent, so that consumers can recognize duplicates.
    ``payload`` is the whole event as plain values, or bytes that are encoded as ``content_type``. Messages with the
    same ``key`` keep their order. ``headers`` are sent unchanged.
    """

    message_name: str
    topic: str
    payload: Any
    message_id: uuid.UUID = dataclasses.field(default_factory=uuid.uuid4)
    key: str | None = None
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict[str, str])
    version: int = 1
    content_type: str = JSON
    content_encoding: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The fields under their names on the wire; ``messageId`` as text."""
        return {
            "messageName": self.message_name,
            "messageId": str(self.message_id),
            "topic": self.topic,
            "payload": self.payload,
        }

    def to_envelope(self) -> Envelope:
        """The message as bytes. Raises ``UnfitMessage`` if not every broker of this package can carry it."""
        known: Envelope | None = self.__dict__.get(_ENVELOPE)
        if known is not None:
            return known
        envelope = encoded_message(self)
        if b"null" in envelope.body and not isinstance(self.payload, bytes):
            refuse_hidden(self.message_name, self.payload)
        return sendable(envelope)


_ENVELOPE = "_envelope"  # not a field: `dataclasses.replace` must not copy it


def encoded_message(message: Message) -> Envelope:
    """``message`` as bytes, without the check that all brokers can carry it: rows of older versions may not pass it."""
    return Envelope(
        message_id=message.message_id,
        name=message.message_name,
        topic=message.topic,
        body=encoded(message.payload),
        key=message.key,
        version=message.version,
        content_type=message.content_type,
        content_encoding=message.content_encoding,
        headers=message.headers,
    )


def ready(message: Message, envelope: Envelope | None = None) -> Message:
    """Store ``envelope``, or the encoded message, in ``message``, so that it is encoded only once.

    Raises ``UnfitMessage`` if it cannot be encoded.
    """
    object.__setattr__(message, _ENVELOPE, envelope or message.to_envelope())
    return message


def message_of(event: Any, version: int = 1, serializer: Serializer | None = None) -> Message:
    """The message of the notification ``event``, with the key and the headers that the event asks for.

    ``serializer`` makes the payload; without one it is the whole event as plain values.
    """
    payload, content_type = (event.to_dict(), JSON) if serializer is None else serializer.serialize(event)
    return Message(
        message_name=event.event_name,
        topic=event.topic,
        payload=payload,
        message_id=event.event_id,
        key=getattr(event, "message_key", None),
        headers=headers_of(event.event_name, event),
        version=version,
        content_type=content_type,
    )


@renamed_fields(shared_in_order="ordered_across_members", keeps_place="redelivers_in_order")
@dataclasses.dataclass(frozen=True, slots=True)
class Features:
    """What a broker guarantees; read by the conformance suite, the relay and the tests of the documentation.

    * ``durable``: a confirmed message survives a restart of the broker.
    * ``ordered``: a group with one member receives the messages of one key in the order in which they were sent, until
      one of them is given back or lost on its way.
    * ``ordered_across_members``: so does a group with several members, because only one member at a time has
      unacknowledged messages of a key.
    * ``redelivers_in_order``: a message that was given back, or lost with its connection, is delivered again before
      later messages of its key. Without this, later ones can come first.
    * ``deduplicates``: a message that is sent twice with one id is delivered once, within the broker's window.
    * ``redelivers``: a message that is not acknowledged is delivered again.

    The options of a source can change ``ordered_across_members`` and ``redelivers_in_order``: ask the source.
    """

    durable: bool = False
    ordered: bool = True
    deduplicates: bool = False
    redelivers: bool = True
    ordered_across_members: bool = False
    redelivers_in_order: bool = False


class MessageBroker(abc.ABC):
    """Sends messages. Safe to share between the tasks of one event loop.

    A broker connects at the first send, or in :meth:`start`, and reconnects by itself. It raises ``BrokerUnavailable``
    for an outage (nothing is wrong with the message: try again) and ``MessageRejected`` for a message that it will
    never accept. After either error the broker may still have got the message: sending it again can duplicate it, with
    the same id.
    """

    features: Features = Features()

    @abc.abstractmethod
    async def send_message(self, message: Message) -> None:
        """Send ``message``. When this returns, the broker has confirmed it."""

    async def send(self, envelopes: Sequence[Envelope]) -> list[Exception | None]:
        """Send ``envelopes`` as a pipeline; returns for each, in order, its error, or ``None`` if it is confirmed.

        Messages of one key keep their order: if one fails, the later ones of its key are not sent and get its error.
        Errors of single messages are returned, not raised. A subclass whose driver can pipeline overrides this.
        """
        results: list[Exception | None] = []
        failed: dict[str, Exception] = {}
        for envelope in envelopes:
            error = failed.get(envelope.key) if envelope.key is not None else None
            if error is None:
                try:
                    await self.send_message(_message_of(envelope))
                except Exception as raised:  # noqa: BLE001  # it is the result
                    error = raised
            if error is not None and envelope.key is not None:
                failed[envelope.key] = error
            results.append(error)
        return results

    async def start(self) -> None:  # noqa: B027  # many brokers have nothing to do here
        """Connect. Safe to call again. Raises ``BrokerUnavailable`` if that is not possible now."""

    async def close(self) -> None:  # noqa: B027  # many brokers have nothing to do here
        """Send what is buffered and disconnect. Safe to call again, and before :meth:`start`."""

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.close()  # `__aexit__` is not called
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def _message_of(envelope: Envelope) -> Message:
    message = Message(
        message_name=envelope.name,
        topic=envelope.topic,
        payload=envelope.body,
        message_id=envelope.message_id,
        key=envelope.key,
        headers=envelope.headers,
        version=envelope.version,
        content_type=envelope.content_type,
        content_encoding=envelope.content_encoding,
    )
    return ready(message, envelope)  # it was checked when it was added
