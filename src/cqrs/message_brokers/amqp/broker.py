"""The broker for RabbitMQ, with aio-pika."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, overload

from aio_pika import DeliveryMode, Message

from cqrs._arguments import Needed, check
from cqrs.errors.wiring import WiringError, WiringProblem
from cqrs.message_brokers.amqp.publisher import AMQPPublisher
from cqrs.message_brokers.by_key import send_by_key
from cqrs.message_brokers.outgoing import headers_of
from cqrs.message_brokers.protocol import Features, MessageBroker

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence

    from cqrs.envelope import Envelope
    from cqrs.message_brokers.amqp.protocol import AMQPPublisher as AnyPublisher
    from cqrs.message_brokers.protocol import Message as OutgoingMessage


_MAX_PROPERTY = 255  # bytes of a text property
_PUBLISHER = Needed("a publisher with a method publish, or the address of the server as dsn=", ("publish",))


class AMQPMessageBroker(MessageBroker):
    """Sends to one exchange, with the topic as routing key: persistent, confirmed, and never silently dropped.

    With ``AMQPMessageBroker(dsn=..., exchange_name=...)`` the consumers bind their queues; for a message that no queue
    accepts, ``BrokerUnavailable`` is raised with its topic. With ``queue_name`` the broker itself binds this queue to
    every topic.

    ``AMQPMessageBroker(publisher, exchange_name)`` sends to the queue that is named like the topic, and declares it.

    If the server refuses a message for now, because a queue is full, ``BrokerUnavailable`` is raised. The next message
    of a key is sent after the previous one is confirmed. ``pika_log_level`` is the level for the loggers of the driver.
    """

    features = Features(durable=True, ordered=True)

    @overload
    def __init__(
        self, publisher: AnyPublisher, exchange_name: str, pika_log_level: str | int | None = None
    ) -> None: ...

    @overload
    def __init__(
        self,
        *,
        dsn: str,
        exchange_name: str,
        queue_name: str | None = None,
        pika_log_level: str | int | None = None,
        ssl_context: ssl.SSLContext | None = None,
        exchange_type: str = "topic",
        declare: bool = True,
        timeout: float = 30.0,
    ) -> None: ...

    def __init__(  # noqa: PLR0913  # two forms, see above
        self,
        publisher: AnyPublisher | None = None,
        exchange_name: str = "",
        pika_log_level: str | int | None = None,
        *,
        dsn: str | None = None,
        queue_name: str | None = None,
        ssl_context: ssl.SSLContext | None = None,
        exchange_type: str = "topic",
        declare: bool = True,
        timeout: float = 30.0,
    ) -> None:
        if (publisher is None) == (dsn is None):
            problem = "it has neither a publisher nor a dsn" if dsn is None else "it has a publisher and a dsn"
            remedy = "Pass AMQPMessageBroker(dsn=..., exchange_name=...) or AMQPMessageBroker(publisher, exchange_name)"
            raise WiringError([WiringProblem(type(self).__name__, problem, remedy)])
        if publisher is not None:
            check("publisher", publisher, _PUBLISHER)
        self._own = None
        if dsn is not None:
            self._own = AMQPPublisher(
                dsn, ssl_context=ssl_context, exchange_type=exchange_type, declare=declare, timeout=timeout
            )
        self._publisher = publisher
        self._exchange_name = exchange_name
        self._queue_name = queue_name
        # `#` matches every topic, but only in a topic exchange.
        self._pattern = "#" if exchange_type == "topic" else None
        if pika_log_level is not None:
            for name in ("aio_pika", "aiormq"):
                logging.getLogger(name).setLevel(pika_log_level)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} to {self._exchange_name} on {self._place}>"

    async def send_message(self, message: OutgoingMessage) -> None:
        """Send ``message``. When this returns, the server has confirmed it."""
        await self._send(message.to_envelope())

    async def send(self, envelopes: Sequence[Envelope]) -> list[Exception | None]:
        """Send ``envelopes`` as a pipeline over one channel; returns for each its error or ``None``."""
        return await send_by_key(envelopes, self._send)

    async def start(self) -> None:
        """Connect. Safe to call again. Raises ``BrokerUnavailable`` if that is not possible now."""
        publisher = self._own or self._publisher
        if isinstance(publisher, AMQPPublisher):
            await publisher.start()

    async def close(self) -> None:
        """Disconnect. Safe to call again, and before :meth:`start`. A publisher that was passed in is closed too."""
        publisher = self._own or self._publisher
        if isinstance(publisher, AMQPPublisher):
            await publisher.close()

    @property
    def _place(self) -> str:
        place: str = getattr(self._own or self._publisher, "place", "RabbitMQ")
        return place

    async def _send(self, envelope: Envelope) -> None:
        message = _to_amqp(envelope, self._place)
        if self._own is not None:
            await self._own.route(
                message, self._exchange_name, envelope.topic, queue_name=self._queue_name, pattern=self._pattern
            )
        elif self._publisher is not None:
            await self._publisher.publish(message, queue_name=envelope.topic, exchange_name=self._exchange_name)


def _to_amqp(envelope: Envelope, broker: str) -> Message:
    return Message(
        envelope.body,
        headers=dict(headers_of(envelope, broker)),
        content_type=_short(envelope.content_type),
        content_encoding=_short(envelope.content_encoding),
        delivery_mode=DeliveryMode.PERSISTENT,
        correlation_id=_short(envelope.headers.get("correlation-id")),
        message_id=str(envelope.message_id),
        type=_short(envelope.name),
    )


def _short(text: str | None) -> str | None:
    # Longer texts are in the headers only.
    return None if text is None or len(text.encode()) > _MAX_PROPERTY else text
