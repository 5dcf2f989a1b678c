"""A plain consumer of RabbitMQ, with aio-pika and without an inbox."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from cqrs.errors.messages import BrokerUnavailable
from cqrs.message_brokers.amqp.link import outage
from cqrs.message_brokers.amqp.subscription import AMQPSubscription

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable

    from aio_pika.abc import AbstractChannel, AbstractIncomingMessage, AbstractQueue

_log = logging.getLogger(__name__)


class AMQPConsumer:
    """Calls a function with the messages of a durable queue, one at a time; prefetches at most ``prefetch``.

    If messages must take effect once, use ``AMQPMessageSource`` with a ``cqrs.Consumer``, which has an inbox.
    """

    def __init__(
        self,
        url: str,
        *,
        ssl_context: ssl.SSLContext | None = None,
        prefetch: int = 10,
        retry_delay: float = 1.0,
        declare: bool = True,
    ) -> None:
        self._url = url
        self._ssl_context = ssl_context
        self._prefetch = prefetch
        self._retry_delay = retry_delay
        self._declare = declare

    async def consume(self, handler: Callable[[AbstractIncomingMessage], Awaitable[None]], queue_name: str) -> None:
        """Consume until this is cancelled; during an outage, reconnect.

        A message is acknowledged when ``handler`` returns, unless the handler has acknowledged or rejected it. If
        ``handler`` raises, the error is logged and the message is requeued after ``retry_delay`` seconds.
        """

        async def queues(channel: AbstractChannel) -> list[AbstractQueue]:
            if self._declare:
                return [await channel.declare_queue(queue_name, durable=True)]
            return [await channel.get_queue(queue_name, ensure=False)]

        subscription = AMQPSubscription(
            self._url, queues, prefetch=self._prefetch, ssl_context=self._ssl_context, timeout=10.0
        )
        try:
            while True:
                try:
                    for message in await subscription.fetch(1, 60.0):
                        with outage(subscription.place):
                            await self._handle(handler, message)
                except BrokerUnavailable as error:
                    _log.warning("%s", error)
                    await asyncio.sleep(self._retry_delay)
        finally:
            await subscription.close()

    async def _handle(
        self, handler: Callable[[AbstractIncomingMessage], Awaitable[None]], message: AbstractIncomingMessage
    ) -> None:
        try:
            await handler(message)
        except Exception:  # noqa: BLE001  # the next message must be handled too
            _log.exception(
                "The handler of a message of the queue %r failed; the message is requeued", message.routing_key
            )
            await asyncio.sleep(self._retry_delay)
            if not message.processed:
                await message.nack(requeue=True)
        else:
            if not message.processed:
                await message.ack()
