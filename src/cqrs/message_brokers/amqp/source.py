"""The source for RabbitMQ, with aio-pika."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import hashlib
from functools import partial
from typing import TYPE_CHECKING, Any

from cqrs._arguments import check_text, check_texts
from cqrs._tasks.running import context_without_turn
from cqrs.errors.messages import BrokerUnavailable
from cqrs.message_brokers.amqp.broker import AMQPMessageBroker
from cqrs.message_brokers.amqp.link import outage
from cqrs.message_brokers.amqp.subscription import AMQPSubscription
from cqrs.message_brokers.foreign import read_by, received, text_of, unread
from cqrs.message_brokers.source import Delivery, MessageSource

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Coroutine, Mapping, Sequence

    from aio_pika.abc import AbstractChannel, AbstractIncomingMessage, AbstractQueue

    from cqrs.envelope import Envelope


_DELIVERY_HEADERS = {"x-delivery-count", "x-acquired-count"}
"""Headers that the server adds to a delivery."""


class AMQPMessageSource(MessageSource):
    """Receives ``topics`` of an exchange as a member of ``group``, from the queues ``<group>.<topic>``.

    With ``queue_name`` all topics come from this one queue. The queues are declared durable and bound, with the options
    ``queue_type`` (by default the server chooses) and ``queue_arguments``, unless ``declare`` is false. Messages that
    are sent before the first member has started are not kept for the group.

    The server delivers at most ``prefetch`` unacknowledged messages of a queue to this member. With ``single_active``
    one member has a queue to itself and the others are on standby: only then do messages of one key keep their order.
    Without it the members share each queue and handle its messages concurrently. A message that is given back comes
    after the messages that the member has already, and from a queue of type ``quorum`` after all others. With
    ``prefetch=1`` and type ``classic`` it comes first, and a queue is handled one message at a time.

    ``read`` makes envelopes of messages from other programs. A message that ``read`` raises for, or that cannot be read
    without it, does not stop the queue: ``cqrs.message_brokers.foreign`` describes the envelope that it gets.
    """

    features = AMQPMessageBroker.features

    def __init__(  # noqa: PLR0913  # options, each with a default
        self,
        dsn: str,
        *topics: str,
        exchange_name: str,
        group: str = "default",
        queue_name: str | None = None,
        prefetch: int = 200,
        single_active: bool = True,
        queue_type: str | None = None,
        queue_arguments: Mapping[str, Any] | None = None,
        exchange_type: str = "topic",
        declare: bool = True,
        ssl_context: ssl.SSLContext | None = None,
        timeout: float = 10.0,
        read: Callable[[AbstractIncomingMessage], Envelope] | None = None,
    ) -> None:
        check_texts("topics", topics, "one topic or more, each as an argument of its own")
        check_text("group", group, "the name of the group")
        # A quorum queue puts a returned message last, and the server may choose that type if none is given.
        in_order = single_active and prefetch == 1 and queue_type == "classic"
        self.features = dataclasses.replace(
            AMQPMessageBroker.features, ordered_across_members=single_active, redelivers_in_order=in_order
        )
        self._subscription = AMQPSubscription(
            dsn, self._queues, prefetch=prefetch, ssl_context=ssl_context, timeout=timeout
        )
        self._bindings: dict[str, list[str]] = {}
        for topic in topics:
            self._bindings.setdefault(queue_name or f"{group}.{topic}", []).append(topic)
        self._exchange_name = exchange_name
        self._exchange_type = exchange_type
        self._declare = declare
        self._arguments = {
            **({"x-queue-type": queue_type} if queue_type else {}),
            **({"x-single-active-consumer": True} if single_active else {}),
            **(queue_arguments or {}),
        }
        self._read = read
        self._tasks: set[asyncio.Task[None]] = set()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {', '.join(self._bindings)} on {self.place}>"

    @property
    def place(self) -> str:
        """The server, without password, for log lines."""
        return self._subscription.place

    async def start(self) -> None:
        """Declare the queues and start consuming. Safe to call again."""
        await self._subscription.start()

    async def close(self) -> None:
        """Disconnect: unacknowledged messages go to other members. Safe to call again."""
        for task in self._tasks:
            task.cancel()
        await self._subscription.close()

    async def receive(self, limit: int = 100, timeout: float = 1.0) -> Sequence[Delivery]:  # noqa: ASYNC109  # the port's
        """The messages that have arrived. Raises ``BrokerUnavailable`` during an outage; call it again."""
        messages = await self._subscription.fetch(limit, timeout)
        try:
            return [_AMQPDelivery(self, message, self._envelope(message)) for message in messages]
        except OSError:  # `read` needs something that is away
            self._subscription.put_back(messages)
            raise

    def run_while_open(self, work: Coroutine[Any, Any, None]) -> None:
        """Run ``work`` as a task, which :meth:`close` cancels. For deliveries of this source."""
        task = asyncio.create_task(work, context=context_without_turn())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _envelope(self, message: AbstractIncomingMessage) -> Envelope:
        if self._read is None:
            return _stand_in(received, message)
        return read_by(self._read, message, partial(_stand_in, unread, message))

    async def _queues(self, channel: AbstractChannel) -> list[AbstractQueue]:
        if not self._declare:
            return [await channel.get_queue(name, ensure=False) for name in self._bindings]
        await channel.declare_exchange(self._exchange_name, self._exchange_type, durable=True)
        queues: list[AbstractQueue] = []
        for name, topics in self._bindings.items():
            queue = await channel.declare_queue(name, durable=True, arguments=self._arguments)
            for topic in topics:
                await queue.bind(self._exchange_name, topic)
            queues.append(queue)
        return queues


class _AMQPDelivery(Delivery):
    """A message of RabbitMQ. Only quorum queues count deliveries; other queues mark those after the first."""

    def __init__(self, source: AMQPMessageSource, message: AbstractIncomingMessage, envelope: Envelope) -> None:
        self.envelope = envelope
        counted = message.headers.get("x-delivery-count")
        self.attempt = counted + 1 if isinstance(counted, int) else 1 + bool(message.redelivered)
        self._source = source
        self._message = message
        self._settled = False

    async def ack(self) -> None:
        """Acknowledge the message."""
        if not self._settled:
            self._settled = True
            with outage(self._source.place):
                await self._message.ack()

    async def nack(self, delay: float = 0.0) -> None:
        """Requeue the message after ``delay`` seconds; until then it counts as one of ``prefetch``."""
        if not self._settled:
            self._settled = True
            if delay > 0:
                self._source.run_while_open(self._give_back(delay))
            else:
                await self._give_back()

    async def _give_back(self, delay: float = 0.0) -> None:
        await asyncio.sleep(delay)
        with (
            contextlib.suppress(BrokerUnavailable),
            outage(self._source.place),
        ):  # the server then requeues it by itself
            await self._message.nack(requeue=True)


def _stand_in(make: Callable[..., Envelope], message: AbstractIncomingMessage, *error: Exception) -> Envelope:
    topic, body = message.routing_key or "", message.body
    # A message does not know its position in the queue, and the id that its sender gave it need not be unique.
    place = f"{message.message_id}/{message.timestamp}/{topic}/{_digest(body)}" if message.message_id else None
    return make(topic, body, _headers(message), place, *error)


def _headers(message: AbstractIncomingMessage) -> dict[str, str]:
    properties = {
        "message-id": message.message_id,
        "message-name": message.type,
        "content-type": message.content_type,
        "content-encoding": message.content_encoding,
        "correlation-id": message.correlation_id,
    }
    known = {name: text_of(value) for name, value in properties.items() if value}
    given = {name: text_of(value) for name, value in message.headers.items() if name not in _DELIVERY_HEADERS}
    return {**known, **given}


def _digest(body: bytes) -> str:
    return hashlib.blake2b(body, digest_size=16).hexdigest()
