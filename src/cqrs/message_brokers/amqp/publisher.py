"""A publisher for RabbitMQ, with aio-pika and publisher confirms."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from typing import TYPE_CHECKING

from aio_pika import ExchangeType
from aio_pika.exceptions import ChannelInvalidStateError, PublishError

from cqrs._text import shown
from cqrs.errors.messages import BrokerUnavailable, MessageRejected
from cqrs.message_brokers.amqp.link import AMQPLink, outage
from cqrs.message_brokers.amqp.refusals import Refusals

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator

    from aio_pika.abc import AbstractChannel, AbstractMessage

_ATTEMPTS = 5  # to send a message that was unconfirmed when the server closed the channel because of another one
_BLOCKED = "the server may have blocked the connection for want of memory or disk space: look for its alarms"
_UNBOUND = "start a consumer of this topic, which binds its queue, or bind one yourself"
_LARGEST = 128 * 1024 * 1024  # the default limit of RabbitMQ 3.8 and later


class AMQPPublisher:
    """Publishes over one channel, so that messages keep their order, and waits until the server has confirmed each.

    Safe to share between the tasks of one event loop, which then share the channel as a pipeline. It connects at the
    first message and again after an outage. Exchanges (durable, of ``exchange_type``) and queues (durable) are declared
    when they are first used, unless ``declare`` is false.

    ``timeout`` is the time in seconds that the server has to confirm a message. ``max_message_size`` is the size limit
    of the server in bytes; a smaller limit is learnt from the errors of the server.
    """

    def __init__(  # noqa: PLR0913  # options, each with a default
        self,
        url: str,
        *,
        ssl_context: ssl.SSLContext | None = None,
        exchange_type: str = ExchangeType.TOPIC,
        declare: bool = True,
        timeout: float = 30.0,
        max_message_size: int = _LARGEST,
    ) -> None:
        self._link = AMQPLink(url, ssl_context=ssl_context, timeout=min(timeout, 10.0), opened=self._forget)
        self._exchange_type = exchange_type
        self._declare = declare
        self._timeout = timeout
        self._refusals = Refusals(max_message_size)
        self._declared: set[tuple[str, str | None, str]] = set()
        self._declaring = asyncio.Lock()
        self._in_flight: dict[str, asyncio.Event] = {}

    @property
    def place(self) -> str:
        """The server, without password, for log lines."""
        return self._link.place

    async def publish(self, message: AbstractMessage, queue_name: str, exchange_name: str) -> None:
        """Send ``message`` to the queue ``queue_name`` through the exchange; both are declared if necessary.

        When this returns the server has confirmed it. Raises ``BrokerUnavailable`` and ``MessageRejected``.
        """
        await self.route(message, exchange_name, queue_name, queue_name=queue_name)

    async def route(
        self,
        message: AbstractMessage,
        exchange_name: str,
        routing_key: str,
        *,
        queue_name: str | None = None,
        pattern: str | None = None,
    ) -> None:
        """Like :meth:`publish`, with a separate routing key.

        A named queue is bound to the exchange with ``pattern``, by default with the routing key. Raises
        ``BrokerUnavailable``, with the routing key as its topic, if no queue accepts the message, and
        ``MessageRejected`` if the message or its headers are too large for the server or the user may not write to the
        routing key. Messages that are unconfirmed at that moment are sent again: they may arrive twice.
        """
        name = message.message_id
        try:
            async with self._only_one_of(name):
                for attempt in itertools.count(1):
                    try:
                        await self._publish(message, exchange_name, routing_key, queue_name, pattern or routing_key)
                    except BrokerUnavailable as error:
                        if not self._refusals.learn_from(error.__cause__) and (
                            attempt >= _ATTEMPTS or not self._is_collateral(error)
                        ):
                            raise
                        continue
                    return
        except PublishError as error:
            problem = f"no queue is bound to the exchange {shown(exchange_name)!r} for {shown(routing_key)!r}"
            raise BrokerUnavailable(self._link.place, problem, _UNBOUND, topic=routing_key) from error
        except (TypeError, ValueError) as error:  # the driver cannot encode it
            raise MessageRejected(self._link.place, name, error) from error

    async def start(self) -> None:
        """Connect. Safe to call again. Raises ``BrokerUnavailable`` if that is not possible now."""
        await self._link.channel()

    async def close(self) -> None:
        """Disconnect. Safe to call again; the next message connects again."""
        await self._link.close()

    def _is_collateral(self, error: BrokerUnavailable) -> bool:
        # The channel was closed because of another message, perhaps before this one was sent over it.
        return self._refusals.have_just_closed_a_channel() or isinstance(error.__cause__, ChannelInvalidStateError)

    @contextlib.asynccontextmanager
    async def _only_one_of(self, message_id: str | None) -> AsyncGenerator[None, None]:
        # The driver identifies returned messages by their id: two with one id must not be unconfirmed together.
        while message_id is not None and message_id in self._in_flight:
            await self._in_flight[message_id].wait()
        done = asyncio.Event()
        if message_id is not None:
            self._in_flight[message_id] = done
        try:
            yield
        finally:
            self._in_flight.pop(message_id or "", None)
            done.set()

    async def _publish(
        self, message: AbstractMessage, exchange_name: str, routing_key: str, queue_name: str | None, pattern: str
    ) -> None:
        with outage(self._link.place):
            channel = await self._link.channel()
            problem = self._refusals.problem(message, exchange_name, routing_key, self._link.frame)
            if problem is not None:
                raise MessageRejected(self._link.place, message.message_id, problem)
            try:
                async with asyncio.timeout(self._timeout):
                    if self._declare and (exchange_name, queue_name, pattern) not in self._declared:
                        await self._declare_both(exchange_name, queue_name, pattern)
                    exchange = await channel.get_exchange(exchange_name, ensure=False)
                    await exchange.publish(message, routing_key, mandatory=True)
            except TimeoutError as error:
                # The message may still arrive: later messages must not be sent over this connection before it.
                await self._link.discard(channel)
                raise TimeoutError(f"no confirmation within {self._timeout:g} s, {_BLOCKED}") from error

    async def _declare_both(self, exchange_name: str, queue_name: str | None, pattern: str) -> None:
        async with self._declaring:
            if (exchange_name, queue_name, pattern) in self._declared:
                return
            async with self._link.side_channel() as channel:
                if exchange_name:
                    await channel.declare_exchange(exchange_name, self._exchange_type, durable=True)
                if queue_name is not None:
                    queue = await channel.declare_queue(queue_name, durable=True)
                    if exchange_name:
                        await queue.bind(exchange_name, pattern)
            self._declared.add((exchange_name, queue_name, pattern))

    async def _forget(self, _: AbstractChannel) -> None:
        # After an outage the server may be another one, without these exchanges and queues.
        self._declared.clear()
