"""Step 5, NATS JetStream through nats-py."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from nats.errors import BadHeaderError, BadSubjectError, MaxPayloadError
from nats.js.errors import APIError, NoStreamResponseError, NotFoundError

from cqrs.adapters.nats_link import NatsLink, outage
from cqrs.adapters.nats_stream import NatsStream
from cqrs.errors.messages import MessageRejected
from cqrs.message_brokers.by_key import send_by_key
from cqrs.message_brokers.protocol import Features, MessageBroker

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping, Sequence

    from cqrs.adapters.nats_link import NatsSession
    from cqrs.envelope import Envelope
    from cqrs.message_brokers.protocol import Message

_BAD_REQUEST = 400


class NatsMessageBroker(MessageBroker):
    """Sends to the subject that has the name of the topic, and waits until a stream has the message.

    A message that is sent again with its id is not kept twice within the window of the stream.

    ``stream`` is the name of the stream that every message must end up in, a :class:`NatsStream` that is made if it is
    not there, or ``None`` for whichever takes the subject. A message that no stream takes is a ``MessageRejected``; a
    stream that is full is a ``BrokerUnavailable``. The next message of a key is sent when the one before is confirmed.

    ``options`` go to ``nats.connect``: ``user_credentials``, ``nkeys_seed``, ``token`` and others.
    """

    features = Features(durable=True, ordered=True, deduplicates=True)

    def __init__(
        self,
        servers: str | Sequence[str],
        *,
        stream: str | NatsStream | None = None,
        tls: ssl.SSLContext | None = None,
        timeout: float = 10.0,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self._link = NatsLink(servers, tls=tls, timeout=timeout, options=options, opened=self._prepare)
        self._stream = stream
        self._stream_name = stream.name if isinstance(stream, NatsStream) else stream
        self._timeout = timeout

    async def send_message(self, message: Message) -> None:
        """Send ``message``. When this returns, a stream has it."""
        await self._send(message.to_envelope())

    async def send(self, envelopes: Sequence[Envelope]) -> list[Exception | None]:
        """Send many, as a pipeline over one connection."""
        return await send_by_key(envelopes, self._send)

    async def start(self) -> None:
        """Connect, and make the stream if need be. Safe to call again."""
        await self._link.session()

    async def close(self) -> None:
        """Disconnect. Safe to call again, and before :meth:`start`."""
        await self._link.close()

    async def _prepare(self, session: NatsSession) -> None:
        if isinstance(self._stream, NatsStream):
            await self._stream.make(session.jetstream)

    async def _send(self, envelope: Envelope) -> None:
        headers = {**envelope.to_headers(), "Nats-Msg-Id": str(envelope.message_id)}
        for name, value in headers.items():
            if value != value.strip() or len(value.splitlines()) > 1:
                problem = f"NATS cannot carry line breaks and outer spaces, as in the header {name}"
                raise MessageRejected(self._link.place, envelope.message_id, problem)
        session = await self._link.session()
        try:
            with outage(self._link.place):
                await self._publish(session, envelope, headers)
        except _Rejected as error:
            raise MessageRejected(self._link.place, envelope.message_id, error.reason) from error.reason

    async def _publish(self, session: NatsSession, envelope: Envelope, headers: dict[str, str]) -> None:
        try:
            async with asyncio.timeout(self._timeout):
                await session.publish(envelope.topic, envelope.body, headers, self._stream_name)
        except TimeoutError:
            await self._link.discard(session)
            raise
        except (BadHeaderError, BadSubjectError, MaxPayloadError) as error:
            raise _Rejected(error) from error
        except NoStreamResponseError as error:
            # Nobody has answered: because no stream takes the subject, or because JetStream is not at work.
            try:
                await session.jetstream.find_stream_name_by_subject(envelope.topic)
            except NotFoundError:
                raise _Rejected(error) from error
            raise
        except APIError as error:
            if error.code == _BAD_REQUEST:
                raise _Rejected(error) from error
            raise


class _Rejected(Exception):
    def __init__(self, reason: Exception) -> None:
        self.reason = reason
