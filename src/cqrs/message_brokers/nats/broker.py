"""The broker for NATS JetStream, with nats-py."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from nats.errors import BadHeaderError, BadSubjectError
from nats.js.api import Header
from nats.js.errors import APIError, NoStreamResponseError, NotFoundError

from cqrs._text import shown
from cqrs.errors.messages import BrokerUnavailable, MessageRejected
from cqrs.message_brokers.by_key import send_by_key
from cqrs.message_brokers.nats.link import NatsLink, NotPermitted, outage
from cqrs.message_brokers.nats.stream import NatsStream
from cqrs.message_brokers.outgoing import headers_of
from cqrs.message_brokers.protocol import Features, MessageBroker

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping, Sequence

    from cqrs.envelope import Envelope
    from cqrs.message_brokers.nats.link import NatsSession
    from cqrs.message_brokers.protocol import Message

_BAD_REQUEST = 400
_OTHER_STREAM = 10060  # "expected stream does not match"
_FRAME = len("NATS/1.0\r\n\r\n")
_MSG_ID, _EXPECTED_STREAM = Header.MSG_ID.value, Header.EXPECTED_STREAM.value
_USUAL_TOPIC = 900  # characters, of four bytes at most
_LONGEST_TOPIC = 3_900  # the server's default limit is 4096 bytes for subject, reply and sizes


class NatsMessageBroker(MessageBroker):
    """Publishes to the subject that is named like the topic, and waits until a stream has stored the message.

    A message that is sent twice with one id within the duplicate window of the stream is stored once.

    ``stream`` is the name of the stream that must store every message, or a :class:`NatsStream`, which is created if it
    does not exist, or ``None`` for any stream that has the subject. Raises ``BrokerUnavailable``, with the topic, if no
    stream or another one has the subject, and without it if the stream is full; ``MessageRejected`` if the user may not
    publish to the subject or the message with its headers is too large. The next message of a key is sent after the
    previous one is confirmed.

    ``options`` are passed to ``nats.connect``: ``user_credentials``, ``nkeys_seed``, ``token`` and others.
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

    def __repr__(self) -> str:
        return f"<{type(self).__name__} on {self._link.place}>"

    async def send_message(self, message: Message) -> None:
        """Send ``message``. When this returns, a stream has stored it."""
        await self._send(message.to_envelope(), {})

    async def send(self, envelopes: Sequence[Envelope]) -> list[Exception | None]:
        """Send ``envelopes`` as a pipeline over one connection; returns for each its error or ``None``."""
        return await send_by_key(envelopes, partial(self._send, lookups={}))

    async def start(self) -> None:
        """Connect, and create the stream if necessary. Safe to call again."""
        await self._link.session()

    async def close(self) -> None:
        """Disconnect. Safe to call again, and before :meth:`start`."""
        await self._link.close()

    async def _prepare(self, session: NatsSession) -> None:
        if isinstance(self._stream, NatsStream):
            await self._stream.make(session.jetstream)

    async def _send(self, envelope: Envelope, lookups: dict[str, asyncio.Task[bool]]) -> None:
        headers = headers_of(envelope, self._link.place)
        headers[_MSG_ID] = str(envelope.message_id)
        if self._stream_name is not None:
            headers[_EXPECTED_STREAM] = self._stream_name
        if problem := _problem(headers):
            raise MessageRejected(self._link.place, envelope.message_id, problem)
        session = await self._link.session()
        try:
            with outage(self._link.place):
                await self._publish(session, envelope, headers, lookups)
        except _Rejected as error:
            raise MessageRejected(self._link.place, envelope.message_id, error.reason) from error.__cause__

    async def _publish(
        self,
        session: NatsSession,
        envelope: Envelope,
        headers: dict[str, str],
        lookups: dict[str, asyncio.Task[bool]],
    ) -> None:
        _must_fit(session.client.max_payload, envelope, headers)
        try:
            async with asyncio.timeout(self._timeout):
                await session.publish(envelope.topic, envelope.body, headers)
        except TimeoutError as error:
            await self._link.discard(session)
            raise self._link.unanswered(session) from error
        except NotPermitted as error:
            raise _Rejected(str(error)) from error
        except (BadHeaderError, BadSubjectError) as error:
            raise _Rejected(error) from error
        except NoStreamResponseError as error:
            # No answer: no stream has the subject, or the stream or JetStream is not running.
            if envelope.topic not in lookups:
                lookups[envelope.topic] = asyncio.create_task(self._has_stream(session, envelope.topic))
            if await lookups[envelope.topic]:
                raise
            problem = f"no stream takes the subject {shown(envelope.topic)!r}"
            raise BrokerUnavailable(self._link.place, problem, self._remedy(), topic=envelope.topic) from error
        except APIError as error:
            if error.err_code == _OTHER_STREAM:
                problem = f"the subject {shown(envelope.topic)!r} is taken by another stream"
                raise BrokerUnavailable(self._link.place, problem, self._remedy(), topic=envelope.topic) from error
            if error.code == _BAD_REQUEST:
                raise _Rejected(error) from error
            raise

    def _remedy(self) -> str:
        if self._stream_name is None:
            return "start a consumer of this topic with a NatsStream, or make a stream for it"
        return f"let the stream {self._stream_name!r} take it: add it to the subjects of the stream"

    async def _has_stream(self, session: NatsSession, subject: str) -> bool:
        try:
            await session.jetstream.find_stream_name_by_subject(subject)
        except NotFoundError:
            return False
        except TimeoutError as error:
            raise self._link.unanswered(session) from error
        return True


class _Rejected(Exception):
    def __init__(self, reason: Exception | str) -> None:
        self.reason = reason


def _problem(headers: Mapping[str, str]) -> str | None:
    for name, value in headers.items():
        if value != value.strip() or len(value.splitlines()) > 1:
            return f"NATS cannot carry line breaks and outer spaces, as in the header {shown(name)!r}"
        if name != name.strip() or not name:
            return f"NATS cannot carry a header whose name is empty or has outer spaces, as {shown(name)!r}"
    return None


def _must_fit(max_payload: int, envelope: Envelope, headers: Mapping[str, str]) -> None:
    """Raise for a message that is too large: the server would close the connection, and fail all others on it."""
    characters = len("".join([*headers, *headers.values()]))
    if (
        4 * (characters + len(headers)) + len(envelope.body) + _FRAME <= max_payload
        and len(envelope.topic) < _USUAL_TOPIC
    ):
        return
    in_headers = sum(len(name.encode()) + len(value.encode()) + 4 for name, value in headers.items()) + _FRAME
    if in_headers + len(envelope.body) > max_payload:
        raise _Rejected(f"its {len(envelope.body)} bytes and {in_headers} of headers are more than {max_payload}")
    if len(envelope.topic.encode()) > _LONGEST_TOPIC:
        raise _Rejected(f"its topic is longer than {_LONGEST_TOPIC} bytes")
