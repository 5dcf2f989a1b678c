"""Step 5, the plain loop that sends the messages of an outbox.

    async for events in producer.event_batch_generator():
        for event in events:
            await producer.send_message(event)
        await producer.repository.commit()

Any number of such loops may run side by side: each takes other messages. One loop alone keeps the order of messages
with one key. Several loops do not, because a later message can be taken by another loop; nor does a loop that is
started while the lease of one that died has not expired.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from cqrs._arguments import check_number
from cqrs._failpoints import reached
from cqrs._logging.texts import describe_broker, describe_error
from cqrs._text import shown
from cqrs.errors.messages import BrokerUnavailable, MessageRejected
from cqrs.errors.root import InvalidArgument
from cqrs.message_brokers.arguments import as_broker
from cqrs.message_brokers.protocol import MessageBroker, encoded_message, message_of
from cqrs.outbox.event import EventStatus, OutboxedEvent
from cqrs.outbox.repository import OutboxedEventRepository

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

logger = logging.getLogger("cqrs")

_PATIENCE = 10
"""In how many batches the broker may seem away at one message before the others are sent first."""


class EventProducer:
    """Sends the messages of an outbox to a broker; the two may be given in either order."""

    def __init__(
        self,
        message_broker: MessageBroker | OutboxedEventRepository,
        repository: OutboxedEventRepository | MessageBroker,
        *,
        poll_interval: float = 0.5,
    ) -> None:
        if isinstance(message_broker, OutboxedEventRepository):
            message_broker, repository = repository, message_broker
        if not isinstance(repository, OutboxedEventRepository) or isinstance(message_broker, OutboxedEventRepository):
            raise InvalidArgument("repository", repository, "give a message broker and an OutboxedEventRepository")
        self.message_broker = as_broker(message_broker)
        check_number("poll_interval", poll_interval, 0)
        self.repository = repository
        self._poll_interval = poll_interval
        self._batch: frozenset[int] = frozenset()
        self._held_back: set[str] = set()
        self._away: set[str] = set()
        self._failures: dict[int, int] = {}
        self._failed = self._outage = self._works = False

    async def event_batch_generator(
        self, batch_size: int = 100, topic: str | None = None
    ) -> AsyncGenerator[list[OutboxedEvent], None]:
        """Yield batches of messages to send, without end; a batch is empty when there is nothing to send.

        After an empty batch, and after one that could not be sent completely, the next one follows after
        ``poll_interval`` seconds. A message at which the broker has seemed away again and again comes last, with the
        later messages of its key: if others are sent before it, the message is at fault, and there is no outage.
        """
        what = (self.repository.database, describe_broker(self.message_broker), batch_size)
        logger.info("EventProducer starts to send the messages of %s to %s, in batches of %d", *what)
        while True:
            events = self._suspects_last(await self.repository.get_many(batch_size, topic))
            if events:
                reached("outbox.claimed")
            self._batch = frozenset(event.id for event in events)
            self._held_back.clear()
            self._away.clear()
            self._failed = self._outage = self._works = False
            yield events
            if not events or self._failed:
                await asyncio.sleep(self._poll_interval)

    async def send_message(self, event: OutboxedEvent) -> bool:
        """Send ``event`` and record the outcome; returns whether the broker has confirmed it.

        Errors of the broker are logged and not raised, and the message is sent again with the next batch, before the
        later messages of its key. After an outage the rest of the batch, or of the topic that is away, waits for the
        next batch, too. A message whose lease has expired is not sent, because another loop may have taken it.
        """
        if event.unreadable is not None:
            self._record_failure(event, event.key, event.unreadable, f"row {event.id}")
            await self.repository.reject(event.id, event.unreadable)
            return False
        envelope = event.envelope or encoded_message(message_of(event.event))
        error: Exception | None = None
        if self._must_wait(event, envelope.key):
            self._failed = True
        else:
            try:
                (error,) = await self.message_broker.send([envelope])
            except Exception as raised:  # noqa: BLE001  # the port forbids it, but a broker of a user may raise anything
                error = raised
            reached("outbox.published")
            if error is None:
                self._works = True
                self._failures.pop(event.id, None)
                await self.repository.update_status(event.id, EventStatus.PRODUCED)
                return True
            self._record_failure(event, envelope.key, error, f"{shown(envelope.name)} {envelope.message_id}")
        if isinstance(error, MessageRejected) or (error is not None and self._is_its_own(event)):
            await self.repository.reject(event.id, error)
        else:
            await self.repository.update_status(event.id, EventStatus.NOT_PRODUCED)
        return False

    def _suspects_last(self, events: list[OutboxedEvent]) -> list[OutboxedEvent]:
        ids = {event.id for event in events}
        self._failures = {id_: failures for id_, failures in self._failures.items() if id_ in ids}
        keys: set[str] = set()
        first: list[OutboxedEvent] = []
        last: list[OutboxedEvent] = []
        for event in events:
            key = event.key
            is_last = self._is_suspect(event) or key in keys
            (last if is_last else first).append(event)
            if is_last and key is not None:
                keys.add(key)
        return first + last

    def _is_its_own(self, event: OutboxedEvent) -> bool:
        return self._works and self._is_suspect(event)

    def _is_suspect(self, event: OutboxedEvent) -> bool:
        return self._failures.get(event.id, 0) >= _PATIENCE

    def _must_wait(self, event: OutboxedEvent, key: str | None) -> bool:
        if not event.is_held():
            return True
        return event.id in self._batch and (self._outage or event.topic in self._away or key in self._held_back)

    def _record_failure(self, event: OutboxedEvent, key: str | None, error: Exception, message: str) -> None:
        self._failed = True
        if isinstance(error, BrokerUnavailable) and error.topic is not None:
            self._away.add(error.topic)  # other topics can be sent
        elif isinstance(error, BrokerUnavailable) and not self._is_its_own(event):
            self._outage = True
            self._failures[event.id] = self._failures.get(event.id, 0) + 1
        if key is not None:
            self._held_back.add(key)
        logger.warning("%s could not be sent and stays in the outbox: %s", message, describe_error(error))
