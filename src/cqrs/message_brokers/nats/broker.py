"""Step 5, NATS JetStream through nats-py."""

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
_LONGEST_TOPIC = 3_900  # the server takes 4096 bytes for subject, reply and sizes, unless it is told otherwise


class NatsMessageBroker(MessageBroker):
    """Sends to the subject that has the name of the topic, and waits until a stream has the message.

    A message that is sent again with its id is not kept twice within the window of the stream.

    ``stream`` is the name of the stream that every message must end up in, a :class:`NatsStream` that is made if it is
    not there, or ``None`` for whichever takes the subject. A message that no stream takes, or another one, is a
    ``BrokerUnavailable`` that names its topic; one whose subject is not for this user, or that is too large with its
    headers, is a ``MessageRejected``; a stream that is full is a ``BrokerUnavailable``. The next message of a key is
    sent when the one before is confirmed.

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

    def __repr__(self) -> str:
        return f"<{type(self).__name__} on {self._link.place}>"

    async def send_message(self, message: Message) -> None:
        """Send ``message``. When this returns, a stream has it."""
        await self._send(message.to_envelope(), {})

    async def send(self, envelopes: Sequence[Envelope]) -> list[Exception | None]:
        """Send many, as a pipeline over one connection."""
        return await send_by_key(envelopes, partial(self._send, asked={}))

    async def start(self) -> None:
        """Connect, and make the stream if need be. Safe to call again."""
        await self._link.session()

    async def close(self) -> None:
        """Disconnect. Safe to call again, and before :meth:`start`."""
        await self._link.close()

    async def _prepare(self, session: NatsSession) -> None:
        if isinstance(self._stream, NatsStream):
            await self._stream.make(session.jetstream)

    async def _send(self, envelope: Envelope, asked: dict[str, asyncio.Task[bool]]) -> None:
        headers = headers_of(envelope, self._link.place)
        headers[_MSG_ID] = str(envelope.message_id)
        if self._stream_name is not None:
            headers[_EXPECTED_STREAM] = self._stream_name
        if problem := _problem(headers):
            raise MessageRejected(self._link.place, envelope.message_id, problem)
        session = await self._link.session()
        try:
            with outage(self._link.place):
                await self._publish(session, envelope, headers, asked)
        except _Rejected as error:
            raise MessageRejected(self._link.place, envelope.message_id, error.reason) from error.__cause__

    async def _publish(
        self,
        session: NatsSession,
        envelope: Envelope,
        headers: dict[str, str],
        asked: dict[str, asyncio.Task[bool]],
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
            # Nobody has answered: because no stream takes the subject, or because it, or JetStream, is not at work.
            if envelope.topic not in asked:
                asked[envelope.topic] = asyncio.create_task(self._is_taken(session, envelope.topic))
            if await asked[envelope.topic]:
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

    async def _is_taken(self, session: NatsSession, subject: str) -> bool:
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
    """The server ends the connection for one message that is too large, and all that is under way with it."""
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
