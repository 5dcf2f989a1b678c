"""CloudEvents 1.0 over any broker: wrappers for a broker and a source."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Literal

from typing_extensions import override

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
    """Sends every message as a CloudEvent through ``broker``; has the guarantees of ``broker``.

    ``source`` is the name of the sender, a URI reference such as ``/shop``. In ``binary`` mode the body stays as it is
    and the attributes are headers that begin with ``prefix``: ``ce_`` for Kafka, ``cloudEvents_`` for AMQP, ``ce-`` for
    NATS. In ``structured`` mode the body becomes a JSON document with body and attributes. In both modes the headers of
    this package are sent too, so that its sources can read the message with or without :class:`CloudEventsSource`.
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
    """A delivered CloudEvent. ``ack`` and ``nack`` are those of the wrapped delivery."""

    def __init__(self, delivery: Delivery, envelope: Envelope) -> None:
        self.envelope = envelope
        self.attempt = delivery.attempt
        self.delivery = delivery

    @override
    async def ack(self) -> None:
        await self.delivery.ack()

    @override
    async def nack(self, delay: float = 0.0) -> None:
        await self.delivery.nack(delay)


class CloudEventsSource(MessageSource):
    """Receives CloudEvents of both modes from ``source``; other messages are not changed.

    The name of a message is the ``type`` of the event, its key the ``partitionkey``. An ``id`` that is no UUID is
    replaced by one made from it and the ``source`` of the event. Attributes that an envelope has no place for, such as
    ``subject`` and ``time``, stay in the headers with their ``prefix``; so does ``source``, if ``keep_source``.
    """

    def __init__(self, source: MessageSource, *, prefix: str = "ce_", keep_source: bool = False) -> None:
        check("source", source, SOURCE)
        self.features = source.features
        self._from = source
        self._prefix = prefix
        self._keep_source = keep_source

    async def receive(self, limit: int = 100, timeout: float = 1.0) -> Sequence[Delivery]:  # noqa: ASYNC109  # the port's
        """Receive from the wrapped source, and convert CloudEvents."""
        deliveries = await self._from.receive(limit, timeout)
        return [CloudEventsDelivery(delivery, self._read(delivery.envelope)) for delivery in deliveries]

    async def ack(self, deliveries: Sequence[Delivery]) -> None:
        """Acknowledge ``deliveries`` through the wrapped source."""
        await self._from.ack([one.delivery if isinstance(one, CloudEventsDelivery) else one for one in deliveries])

    @override
    async def start(self) -> None:
        await self._from.start()

    @override
    async def close(self) -> None:
        await self._from.close()

    def _read(self, envelope: Envelope) -> Envelope:
        read = None if _is_structured(envelope) else from_binary(envelope, self._prefix)
        # A message of another program may have no headers at all.
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
