"""A connection to RabbitMQ with one channel, opened when it is needed and again after it has broken."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import aio_pika
from aio_pika.exceptions import AMQPError, ChannelInvalidStateError, PublishError

from cqrs.errors import BrokerUnavailable, CQRSError

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator, Awaitable, Callable, Generator

    from aio_pika.abc import AbstractChannel, AbstractConnection

_GOODBYE = 2.0  # a server that hangs must not hold up who has given up on it


class AMQPLink:
    """Safe to share between the tasks of one event loop; nothing connects before :meth:`channel`.

    ``opened`` is called with each new channel before anybody else gets it.
    """

    def __init__(
        self,
        url: str,
        *,
        ssl_context: ssl.SSLContext | None = None,
        timeout: float = 10.0,
        opened: Callable[[AbstractChannel], Awaitable[None]] | None = None,
    ) -> None:
        self.place = _place(url)
        self._url = url
        self._ssl_context = ssl_context
        self._timeout = timeout
        self._opened = opened
        self._connection: AbstractConnection | None = None
        self._channel: AbstractChannel | None = None
        self._opening: asyncio.Task[AbstractChannel] | None = None

    async def channel(self) -> AbstractChannel:
        """The one channel, which confirms. Raises ``BrokerUnavailable`` if it cannot be opened now."""
        if self._channel is not None and not self._channel.is_closed:
            return self._channel
        if self._opening is None or self._opening.done():
            # Whoever waits for the channel shares one attempt, and can give up without ending it for the others.
            self._opening = asyncio.create_task(self._open())
            self._opening.add_done_callback(_seen)
        return await asyncio.shield(self._opening)

    @contextlib.asynccontextmanager
    async def side_channel(self) -> AsyncGenerator[AbstractChannel, None]:
        """Another channel of the connection, for what may fail: a failure closes only that one."""
        await self.channel()
        assert self._connection is not None  # noqa: S101  # there is a channel
        async with self._connection.channel() as channel:
            yield channel

    async def discard(self, channel: AbstractChannel | None = None) -> None:
        """Disconnect, without regard for what is under way; only if ``channel`` is still the one, if it is given."""
        if channel is not None and channel is not self._channel:
            return
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            with contextlib.suppress(Exception):
                async with asyncio.timeout(_GOODBYE):
                    await connection.close()

    async def close(self) -> None:
        """Disconnect. Safe to call again; :meth:`channel` connects again."""
        if self._opening is not None and not self._opening.done():
            self._opening.cancel()
            await asyncio.wait([self._opening])
        await self.discard()

    async def _open(self) -> AbstractChannel:
        await self.discard()
        try:
            with outage(self.place):
                async with asyncio.timeout(self._timeout):
                    self._connection = await aio_pika.connect(
                        self._url, ssl_context=self._ssl_context, timeout=self._timeout
                    )
                    channel = await self._connection.channel(publisher_confirms=True, on_return_raises=True)
                    if self._opened is not None:
                        await self._opened(channel)
        except BaseException:
            await self.discard()
            raise
        self._channel = channel
        return channel


@contextlib.contextmanager
def outage(place: str) -> Generator[None]:
    """Whatever the driver raises because ``place`` does not do its part becomes ``BrokerUnavailable``.

    A message that cannot be routed is another matter, and stays what it is.
    """
    try:
        yield
    except (CQRSError, PublishError):
        raise
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        # The driver cancels whoever waits on a channel when it closes; nobody has cancelled this task.
        raise BrokerUnavailable(place, "the connection was lost") from error
    except (AMQPError, ChannelInvalidStateError, OSError) as error:
        raise BrokerUnavailable(place, error) from error


def _place(url: str) -> str:
    # What is logged must not hold the password, and a URL that cannot be read may have it anywhere.
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "RabbitMQ"
    return f"RabbitMQ at {parts.hostname}{port}{parts.path}"


def _seen(task: asyncio.Task[AbstractChannel]) -> None:
    if not task.cancelled():
        task.exception()
