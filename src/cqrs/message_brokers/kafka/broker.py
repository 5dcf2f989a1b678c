"""The broker for Kafka."""

from __future__ import annotations

import dataclasses
import logging
from typing import TYPE_CHECKING

from cqrs._arguments import Needed, check
from cqrs.errors.messages import BrokerUnavailable, MessageRejected, UnfitMessage
from cqrs.message_brokers.kafka.errors import is_rejection
from cqrs.message_brokers.kafka.source import KafkaMessageSource
from cqrs.message_brokers.kafka.wire import by_place, to_record
from cqrs.message_brokers.protocol import Features, MessageBroker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqrs.envelope import Envelope
    from cqrs.message_brokers.kafka.producer import KafkaProducer
    from cqrs.message_brokers.protocol import Message

__all__ = ["KafkaMessageBroker", "KafkaMessageSource", "by_place"]


_PRODUCER = Needed("a KafkaProducer(...) or a KafkaProducerAdapter(bootstrap_servers=...)", ("send", "encode", "start"))


class KafkaMessageBroker(MessageBroker):
    """Sends to Kafka. Messages of one key go to one partition of their topic, and keep their order there.

    A message that fails with ``BrokerUnavailable`` may have arrived: sending it again can duplicate it, with the same
    id. A message that the driver still buffers for a cancelled send is not buffered twice. ``aiokafka_log_level`` is
    the level of the driver's logger ``aiokafka``; without it the logger gets ``CRITICAL``, unless it has a level.
    """

    features = Features(durable=True, ordered_across_members=True, redelivers_in_order=True)

    def __init__(self, producer: KafkaProducer, aiokafka_log_level: str | int | None = None) -> None:
        check("producer", producer, _PRODUCER)
        self.producer = producer
        if aiokafka_log_level is not None:
            logging.getLogger("aiokafka").setLevel(aiokafka_log_level)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.producer.connection}>"

    async def send_message(self, message: Message) -> None:
        """Send ``message``. When this returns, all replicas in sync have it."""
        try:
            envelope = dataclasses.replace(message, payload=self.producer.encode(message.payload)).to_envelope()
        except UnfitMessage:
            raise
        except Exception as error:
            raise MessageRejected(self._name, message.message_id, error) from error
        (failure,) = await self.send([envelope])
        if failure is not None:
            raise failure

    async def send(self, envelopes: Sequence[Envelope]) -> list[Exception | None]:
        """Send ``envelopes`` as a pipeline. Messages of one key keep their order within each topic."""
        if not envelopes:
            return []
        try:
            failures = await self.producer.send([to_record(envelope, self._name) for envelope in envelopes])
        except BrokerUnavailable as outage:
            return [outage] * len(envelopes)
        return [failure and self._as_own_error(failure, e) for failure, e in zip(failures, envelopes, strict=True)]

    async def start(self) -> None:
        """Connect."""
        await self.producer.start()

    async def close(self) -> None:
        """Send what is buffered and disconnect."""
        await self.producer.close()

    @property
    def _name(self) -> str:
        return str(self.producer.connection)

    def _as_own_error(self, failure: Exception, envelope: Envelope) -> Exception:
        if isinstance(failure, MessageRejected):
            return failure
        if is_rejection(failure):
            error: Exception = MessageRejected(self._name, envelope.message_id, failure)
        else:
            error = BrokerUnavailable(self._name, failure)
        error.__cause__ = failure
        return error
