"""Steps 5 and 6, CloudEvents 1.0 over any broker: a broker and a source that translate for the ones they wrap."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Literal

from cqrs._arguments import SOURCE, check, check_text
from cqrs.errors.root import InvalidArgument
from cqrs.message_brokers.changing import ChangingBroker
from cqrs.message_brokers.cloudevents.format import from_binary, from_structured, to_binary, to_structured
from cqrs.message_brokers.source import Delivery, MessageSource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqrs.envelope import Envelope
    from cqrs.message_brokers.protocol import MessageBroker

__all__ = ["CloudEventsBroker", "CloudEventsSource"]


class CloudEventsBroker(ChangingBroker):
    """Sends every message as a CloudEvent through ``broker``, and guarantees what that one does.

    ``source`` says who speaks, as a URI reference such as ``/shop``. In ``binary`` mode the body stays as it is and
    the attributes travel in headers that begin with ``prefix``: ``ce_`` for Kafka, ``cloudEvents_`` for AMQP, ``ce-``
    for NATS. In ``structured`` mode the body becomes a JSON document that holds all. Either way our own headers travel
    along, so that sources of this package understand the message with or without :class:`CloudEventsSource`.
    """

    def __init__(
        self,
        broker: MessageBroker,
        source: str,
        mode: Literal["binary", "structured"] = "binary",
        *,
        prefix: str = "ce_",
    ) -> None:
        super().__init__(broker)
        check_text("source", source, "a URI that says where the events come from, such as '/orders'")
        if mode not in {"binary", "structured"}:
            raise InvalidArgument("mode", mode, "give 'binary' or 'structured'")
        self._source = source
        self._mode = mode
        self._prefix = prefix

    def _changed(self, envelope: Envelope) -> Envelope:
        if self._mode == "structured":
            return to_structured(envelope, self._source)
        return to_binary(envelope, self._source, self._prefix)


class CloudEventsDelivery(Delivery):
    """A CloudEvent, delivered; its words go to the delivery that brought it."""

    def __init__(self, delivery: Delivery, envelope: Envelope) -> None:
        self.envelope = envelope
        self.attempt = delivery.attempt
        self.delivery = delivery

    async def ack(self) -> None:
        """It is done."""
        await self.delivery.ack()

    async def nack(self, delay: float = 0.0) -> None:
        """Deliver it again after ``delay`` seconds."""
        await self.delivery.nack(delay)


class CloudEventsSource(MessageSource):
    """Receives CloudEvents of either mode from ``source``; what is none comes as it is.

    The name of a message is the ``type`` of the event, its key the ``partitionkey``. An ``id`` that is no UUID becomes
    one, made from it and the ``source`` of the event. Attributes that an envelope has no place for, such as
    ``subject`` and ``time``, stay in the headers with their ``prefix``; so does ``source``, if ``keep_source``.
    """

    def __init__(self, source: MessageSource, *, prefix: str = "ce_", keep_source: bool = False) -> None:
        check("source", source, SOURCE)
        self.features = source.features
        self._from = source
        self._prefix = prefix
        self._keep_source = keep_source

    async def receive(self, limit: int = 100, timeout: float = 1.0) -> Sequence[Delivery]:  # noqa: ASYNC109  # the port's
        """What the wrapped one has."""
        deliveries = await self._from.receive(limit, timeout)
        return [CloudEventsDelivery(delivery, self._read(delivery.envelope)) for delivery in deliveries]

    async def ack(self, deliveries: Sequence[Delivery]) -> None:
        """Acknowledge them as the wrapped one does."""
        await self._from.ack([one.delivery if isinstance(one, CloudEventsDelivery) else one for one in deliveries])

    async def start(self) -> None:
        """Start the wrapped one."""
        await self._from.start()

    async def close(self) -> None:
        """Close the wrapped one."""
        await self._from.close()

    def _read(self, envelope: Envelope) -> Envelope:
        read = None if _is_structured(envelope) else from_binary(envelope, self._prefix)
        # One of another program may have come without any header.
        if read is None and (_is_structured(envelope) or envelope.name == envelope.topic):
            read = from_structured(envelope, self._prefix)
        if read is None:
            return envelope
        if self._keep_source:
            return read
        headers = {name: value for name, value in read.headers.items() if name != f"{self._prefix}source"}
        return dataclasses.replace(read, headers=headers)


def _is_structured(envelope: Envelope) -> bool:
    return envelope.content_type.strip().lower().startswith("application/cloudevents")
