"""A subscription to queues of RabbitMQ, with a buffer of the messages that have arrived."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import TYPE_CHECKING

from cqrs.errors.messages import BrokerUnavailable
from cqrs.message_brokers.amqp.link import AMQPLink, outage

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable, Sequence

    from aio_pika.abc import AbstractChannel, AbstractIncomingMessage, AbstractQueue


class AMQPSubscription:
    """Consumes ``queues`` over one connection, which is opened when it is needed and again after it has broken.

    ``queues`` declares or finds them on a new channel. At most ``prefetch`` messages of each are unacknowledged here.
    """

    def __init__(
        self,
        url: str,
        queues: Callable[[AbstractChannel], Awaitable[Sequence[AbstractQueue]]],
        *,
        prefetch: int,
        ssl_context: ssl.SSLContext | None,
        timeout: float,
    ) -> None:
        self._link = AMQPLink(url, ssl_context=ssl_context, timeout=timeout, opened=self._subscribe)
        self._queues = queues
        self._prefetch = prefetch
        self._arrivals = _Arrivals()

    @property
    def place(self) -> str:
        """The server, without password, for log lines."""
        return self._link.place

    async def start(self) -> None:
        """Subscribe. Safe to call again. Raises ``BrokerUnavailable`` if that is not possible now."""
        await self._link.channel()

    async def close(self) -> None:
        """Disconnect: the server requeues unacknowledged messages. Safe to call again."""
        await self._link.close()

    async def fetch(self, limit: int, timeout: float) -> list[AbstractIncomingMessage]:  # noqa: ASYNC109  # it returns, and does not raise, when time is over
        """The messages that have arrived, at most ``limit``; waits up to ``timeout`` seconds for the first."""
        channel = await self._link.channel()
        arrivals = self._arrivals
        await arrivals.wait(timeout)
        if arrivals.lost is not None:
            await self._link.discard(channel)
            raise BrokerUnavailable(self.place, arrivals.lost)
        return arrivals.pop(limit)

    def put_back(self, messages: Sequence[AbstractIncomingMessage]) -> None:
        """Return ``messages`` first from the next :meth:`fetch`."""
        self._arrivals.put_back(messages)

    async def _subscribe(self, channel: AbstractChannel) -> None:
        # Messages of an earlier connection cannot be acknowledged any more; the server delivers them again.
        self._arrivals = arrivals = _Arrivals()
        channel.close_callbacks.add(arrivals.closed)
        underlay = await channel.get_underlay_channel()
        underlay.on_consumer_cancel_callbacks.add(lambda _: arrivals.end("a queue was deleted or has moved"))
        await channel.set_qos(prefetch_count=self._prefetch)
        with outage(self.place):
            for queue in await self._queues(channel):
                await queue.consume(arrivals.add)


class _Arrivals:
    """The buffered messages of one channel, and whether more can come."""

    def __init__(self) -> None:
        self.lost: str | None = None
        self._messages: deque[AbstractIncomingMessage] = deque()
        self._changed = asyncio.Event()

    async def add(self, message: AbstractIncomingMessage) -> None:
        self._messages.append(message)
        self._changed.set()

    def closed(self, _: object, error: BaseException | None) -> None:
        reason = str(error or "")
        self.end(f"the connection was lost: {reason}" if reason else "the connection was lost")

    def end(self, reason: str) -> None:
        self.lost = self.lost or reason
        self._changed.set()

    def pop(self, limit: int) -> list[AbstractIncomingMessage]:
        popped = [self._messages.popleft() for _ in range(min(limit, len(self._messages)))]
        if not self._messages and self.lost is None:
            self._changed.clear()
        return popped

    def put_back(self, messages: Sequence[AbstractIncomingMessage]) -> None:
        if self.lost is None:
            self._messages.extendleft(reversed(messages))
            self._changed.set()

    async def wait(self, timeout: float) -> None:  # noqa: ASYNC109  # it returns, and does not raise, when time is over
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._changed.wait()
