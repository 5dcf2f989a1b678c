"""A connection to RabbitMQ with one channel, opened when it is needed and again after it has broken."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from typing import TYPE_CHECKING, Any

import aio_pika
from aio_pika.exceptions import (
    AMQPError,
    AuthenticationError,
    ChannelInvalidStateError,
    ProbableAuthenticationError,
    PublishError,
)

from cqrs._tasks.cancellation import is_cancelled
from cqrs.errors.messages import BrokerUnavailable
from cqrs.errors.root import CQRSError
from cqrs.message_brokers.addresses import parts_of, place_of
from cqrs.message_brokers.amqp.decoding import tolerate_undecodable_headers
from cqrs.message_brokers.driver_logs import quiet
from cqrs.message_brokers.refusal import unavailable
from cqrs.message_brokers.reopening import Reopening

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator, Awaitable, Callable, Generator

    from aio_pika.abc import AbstractChannel, AbstractConnection


_SCHEMES = ("amqp", "amqps")
_FRAME = 131_072  # bytes; the default of servers
_CLOSING = 0.5  # seconds; nothing was sent yet over a connection whose opening failed


class AMQPLink:
    """Holds the connection and its channel. Safe to share between the tasks of one event loop.

    It connects at the first call of :meth:`channel`. ``opened`` is called with each new channel before a caller gets
    it. ``frame`` is the maximum size of a frame, in bytes.
    """

    def __init__(
        self,
        url: str,
        *,
        ssl_context: ssl.SSLContext | None = None,
        timeout: float = 10.0,
        opened: Callable[[AbstractChannel], Awaitable[None]] | None = None,
    ) -> None:
        self.place = place_of("RabbitMQ", parts_of(url, "url", _SCHEMES, "amqp://user:password@host:5672/vhost"))
        self._url = url
        self._ssl_context = ssl_context
        self._timeout = timeout
        self._opened = opened
        self.frame = _FRAME
        self._link = Reopening(self.place, self._open, _close, _works)

    async def channel(self) -> AbstractChannel:
        """The channel, with publisher confirms. Raises ``BrokerUnavailable`` if it cannot be opened now."""
        return (await self._link.get()).channel

    @contextlib.asynccontextmanager
    async def side_channel(self) -> AsyncGenerator[AbstractChannel, None]:
        """Another channel of the connection, for operations that may fail: a failure closes only this channel."""
        async with (await self._link.get()).connection.channel() as channel:
            yield channel

    async def discard(self, channel: AbstractChannel) -> None:
        """Disconnect at once, even if messages are unconfirmed, if ``channel`` is still the current channel."""
        opened = await self._link.get() if not channel.is_closed else None
        if opened is not None and opened.channel is channel:
            await self._link.discard(opened)

    async def close(self) -> None:
        """Disconnect. Safe to call again; :meth:`channel` connects again."""
        await self._link.close()

    async def _open(self) -> _Opened:
        tolerate_undecodable_headers()
        quiet("aio_pika", "aiormq")
        with outage(self.place):
            async with asyncio.timeout(self._timeout):
                connection = await aio_pika.connect(self._url, ssl_context=self._ssl_context, timeout=self._timeout)
                try:
                    channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
                    driver: Any = (await channel.get_underlay_channel()).connection
                    self.frame = driver.connection_tune.frame_max or _FRAME
                    if self._opened is not None:
                        await self._opened(channel)
                except BaseException:
                    with contextlib.suppress(Exception):  # the first error is the one to raise
                        async with asyncio.timeout(_CLOSING):
                            await connection.close()
                    raise
        return _Opened(connection, channel)


@dataclasses.dataclass(frozen=True)
class _Opened:
    connection: AbstractConnection
    channel: AbstractChannel


async def _close(opened: _Opened) -> None:
    await opened.connection.close()


def _works(opened: _Opened) -> bool:
    return not opened.channel.is_closed


@contextlib.contextmanager
def outage(place: str) -> Generator[None]:
    """Raise the errors by which the driver reports an outage of ``place`` as ``BrokerUnavailable``.

    ``PublishError``, for a message that cannot be routed, is raised as it is.
    """
    try:
        yield
    except (CQRSError, PublishError):
        raise
    except asyncio.CancelledError as error:
        if is_cancelled():
            raise
        # The driver cancels the tasks that wait for a channel when the channel closes: this task was not cancelled.
        raise BrokerUnavailable(place, "the connection was lost") from error
    except (AMQPError, ChannelInvalidStateError, OSError) as error:
        raise unavailable(place, error, _refused) from error


def _refused(error: BaseException) -> bool:
    return isinstance(error, (AuthenticationError, ProbableAuthenticationError))
