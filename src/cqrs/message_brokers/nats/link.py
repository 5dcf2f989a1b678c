"""A connection to NATS with JetStream, opened when it is needed and again after it has broken."""

from __future__ import annotations

import asyncio
import contextlib
import math
from typing import TYPE_CHECKING, Any

from nats.aio.client import Client
from nats.errors import AuthorizationError, ConnectionClosedError, Error

from cqrs._arguments import check_texts
from cqrs._tasks.cancellation import is_cancelled
from cqrs.errors.messages import BrokerUnavailable
from cqrs.errors.root import CQRSError
from cqrs.message_brokers.addresses import parts_of
from cqrs.message_brokers.refusal import unavailable
from cqrs.message_brokers.reopening import Reopening

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence

    from nats.js import JetStreamContext
    from nats.js.api import PubAck


_DENIED = "permissions violation"
_NEEDED = "let its user publish to $JS.API.>, consumers to $JS.ACK.>, too, and subscribe to _INBOX.>"
_SCHEMES = ("nats", "tls", "ws", "wss")
_CLOSING = 0.5  # seconds; nothing was sent yet over a connection whose opening failed


class NotPermitted(Error):
    """The user may not publish to ``subject``."""

    def __init__(self, subject: str) -> None:
        self.subject = subject
        super().__init__(subject)

    def __str__(self) -> str:
        return f"its user may not publish to {self.subject!r}: add that to its permissions"


class NatsSession:
    """One connection, which is not opened again after it is lost."""

    def __init__(self) -> None:
        self.lost = False
        self.client = Client()
        self._connecting = True
        self.denied: str | None = None
        self._not_permitted: set[str] = set()
        self._sending: dict[asyncio.Task[PubAck], str] = {}
        self._on_end: list[Callable[[str], None]] = []

    async def connect(self, server: str, timeout: float, options: Mapping[str, Any]) -> None:  # noqa: ASYNC109  # the driver's
        """Connect to ``server``. The driver does not reconnect: :class:`NatsLink` does."""
        await self.client.connect(
            servers=[server],
            allow_reconnect=False,
            connect_timeout=math.ceil(timeout),
            error_cb=self._failed,
            closed_cb=self._closed,
            disconnected_cb=self._closed,
            **options,
        )
        self._connecting = False
        self.jetstream: JetStreamContext = self.client.jetstream(timeout=timeout)  # pyright: ignore[reportUnknownMemberType]  # the driver's

    async def abandon(self) -> None:
        """Disconnect, also after a failed :meth:`connect`. Raises nothing."""
        self._connecting = False
        with contextlib.suppress(Exception):
            # After a failed handshake the driver would wait for ever until the connection is closed.
            async with asyncio.timeout(_CLOSING):
                await self.client.close()

    async def publish(self, subject: str, body: bytes, headers: dict[str, str]) -> None:
        """Send a message and wait until the server confirms it, or until the connection is lost.

        Raises ``NotPermitted`` if the user may not publish to ``subject``.
        """
        sending = asyncio.create_task(self.jetstream.publish(subject, body, headers=headers))
        self._sending[sending] = subject
        try:
            await sending
        except asyncio.CancelledError:
            if not is_cancelled():
                if self.lost:
                    raise ConnectionClosedError from None
                if sending not in self._sending:
                    raise NotPermitted(subject) from None
            raise
        finally:
            self._sending.pop(sending, None)

    def on_end(self, do: Callable[[str], None]) -> None:
        """Call ``do`` with the reason when no message can arrive any more: connection lost, or permission missing."""
        self._on_end.append(do)

    async def _failed(self, error: Exception) -> None:
        # During connect the driver would retry for minutes; later it would log the errors that are raised anyway.
        if self._connecting:
            raise error
        if _DENIED in str(error):
            self._deny(str(error))

    def _deny(self, reason: str) -> None:
        # The driver has lower-cased the subject: two subjects that differ only in case cannot be distinguished.
        found = [(task, subject) for task, subject in self._sending.items() if f'to "{subject.lower()}"' in reason]
        if len({subject for _, subject in found}) == 1:
            self._not_permitted.add(reason)  # the server reports it once for each message of this subject
            for sending, _ in found:
                del self._sending[sending]
                sending.cancel()
        elif not found and reason not in self._not_permitted:
            self.denied = reason
            self._end(reason)

    async def _closed(self) -> None:
        self.lost = True
        for sending in list(self._sending):
            sending.cancel()
        self._end("the connection was lost")

    def _end(self, reason: str) -> None:
        for do in self._on_end:
            do(reason)


class NatsLink:
    """Holds one session. Safe to share between the tasks of one event loop.

    It connects at the first call of :meth:`session`, and tries ``servers`` in turn. ``opened`` is called with each new
    session before a caller gets it.
    """

    def __init__(
        self,
        servers: str | Sequence[str],
        *,
        tls: ssl.SSLContext | None = None,
        timeout: float = 10.0,
        options: Mapping[str, Any] | None = None,
        opened: Callable[[NatsSession], Awaitable[None]] | None = None,
    ) -> None:
        check_texts("servers", servers, "the address of a server, such as 'nats://localhost:4222', or a list of them")
        self._servers = [servers] if isinstance(servers, str) else list(servers)
        self.place = f"NATS at {', '.join(map(_place, self._servers))}"
        self._timeout = timeout
        self._options = {**(options or {}), **({"tls": tls} if tls is not None else {})}
        self._opened = opened
        self._link = Reopening(self.place, self._open, _close, _works)

    async def session(self) -> NatsSession:
        """The open session. Raises ``BrokerUnavailable`` if no server can be reached now."""
        return await self._link.get()

    async def discard(self, session: NatsSession) -> None:
        """Disconnect at once, even if messages are unconfirmed, if ``session`` is still the current one."""
        await self._link.discard(session)

    async def close(self) -> None:
        """Disconnect. Safe to call again; :meth:`session` connects again."""
        await self._link.close()

    async def _open(self) -> NatsSession:
        for server in self._servers[:-1]:
            with contextlib.suppress(BrokerUnavailable):
                return await self._open_at(server)
        return await self._open_at(self._servers[-1])

    async def _open_at(self, server: str) -> NatsSession:
        session = NatsSession()
        with outage(self.place):
            try:
                async with asyncio.timeout(self._timeout):
                    await session.connect(server, self._timeout, self._options)
                    if self._opened is not None:
                        await self._opened(session)
            except BaseException as error:
                await session.abandon()
                if isinstance(error, TimeoutError):
                    raise self.unanswered(session) from error
                raise
        return session

    def unanswered(self, session: NatsSession) -> BrokerUnavailable:
        """The error for a missing answer, perhaps because of a missing permission."""
        if session.denied is not None:
            return denied(self.place, session.denied)
        return BrokerUnavailable(self.place, TimeoutError(f"no answer within {self._timeout:g} s"))


@contextlib.contextmanager
def outage(place: str) -> Generator[None]:
    """Raise the errors by which the driver reports an outage of ``place`` as ``BrokerUnavailable``."""
    try:
        yield
    except CQRSError:
        raise
    except (Error, OSError) as error:
        raise unavailable(place, error, _refused) from error


def denied(place: str, reason: str) -> BrokerUnavailable:
    """The error for ``place`` not answering because the user lacks a permission."""
    return BrokerUnavailable(place, reason, _NEEDED)


def _refused(error: BaseException) -> bool:
    # During connect the driver raises a general error with the text of the server.
    return isinstance(error, AuthorizationError) or (isinstance(error, Error) and "Authorization" in str(error))


async def _close(session: NatsSession) -> None:
    await session.client.close()


def _works(session: NatsSession) -> bool:
    return not session.lost and session.client.is_connected


def _place(server: str) -> str:
    whole = server if "://" in server else f"nats://{server}"
    parts = parts_of(whole, "servers", _SCHEMES, "nats://user:password@host:4222")
    return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
