"""The source for NATS JetStream, with nats-py."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import re
import zlib
from functools import partial
from typing import TYPE_CHECKING, Any

from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

from cqrs._arguments import check_text, check_texts
from cqrs._renamed import renamed_parameters
from cqrs.errors.messages import BrokerUnavailable
from cqrs.message_brokers.foreign import read_by, received, unread
from cqrs.message_brokers.nats.broker import NatsMessageBroker
from cqrs.message_brokers.nats.link import NatsLink, denied, outage
from cqrs.message_brokers.nats.pull import NatsPull
from cqrs.message_brokers.nats.stream import NatsStream
from cqrs.message_brokers.renewing import Renewing
from cqrs.message_brokers.source import Delivery, MessageSource

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping, Sequence

    from nats.aio.msg import Msg
    from nats.js import JetStreamContext

    from cqrs.envelope import Envelope
    from cqrs.message_brokers.nats.link import NatsSession

_log = logging.getLogger(__name__)

_LAST_REQUEST = 1.5  # seconds; a request of `receive` lasts one second by default
_CONTENT = {"content-type", "content-encoding"}  # which others write with capitals


class NatsMessageSource(MessageSource):
    """Receives ``topics`` as a member of ``group``, from their first message on, through durable pull consumers.

    The unacknowledged messages of a member go to another one ``ack_wait`` seconds after the member has died or blocked
    its event loop; a living member keeps them for ``max_hold`` seconds at most. At most ``max_ack_pending`` messages of
    a topic are delivered to the group and unacknowledged. A single member receives the messages of one key in order
    until one of them is given back or the connection is lost: a redelivered message comes after newer ones. Several
    members share the messages of a topic, whatever their keys. With ``max_ack_pending=1`` the order is kept in all
    these cases, and the group handles one message of a topic at a time.

    ``stream`` and ``options`` are as for ``NatsMessageBroker``. A message that this package has not sent, or from which
    ``read`` cannot make an envelope, gets its topic as its name and an id made from its position in the stream.
    """

    features = NatsMessageBroker.features

    @renamed_parameters("NatsMessageSource", hold="max_hold")
    def __init__(  # noqa: PLR0913  # options, each with a default
        self,
        servers: str | Sequence[str],
        *topics: str,
        group: str = "default",
        stream: str | NatsStream | None = None,
        ack_wait: float = 30.0,
        max_hold: float = 3600.0,
        max_ack_pending: int = 1000,
        tls: ssl.SSLContext | None = None,
        timeout: float = 10.0,
        options: Mapping[str, Any] | None = None,
        read: Callable[[Msg], Envelope] | None = None,
    ) -> None:
        check_texts("topics", topics, "one topic or more, each as an argument of its own")
        check_text("group", group, "the name of the group")
        ordered = max_ack_pending == 1
        self.features = dataclasses.replace(
            NatsMessageBroker.features, ordered_across_members=ordered, redelivers_in_order=ordered
        )
        self._link = NatsLink(servers, tls=tls, timeout=timeout, options=options, opened=self._subscribe)
        self._topics = topics
        self._group = group
        self._stream = stream
        self._ack_wait = ack_wait
        self._max_ack_pending = max_ack_pending
        self._read = read
        self._pull: NatsPull | None = None
        self._max_hold = max_hold
        self._until = 0.0
        self._unacknowledged: dict[int, tuple[Msg, float]] = {}
        self._renewing = Renewing(self, ack_wait / 3)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._group} of {', '.join(self._topics)} on {self.place}>"

    @property
    def place(self) -> str:
        """The servers, without password, for log lines."""
        return self._link.place

    async def start(self) -> None:
        """Create the consumers of the group if they do not exist. Safe to call again."""
        await self._link.session()

    async def close(self) -> None:
        """Give unacknowledged messages back and disconnect. Safe to call again."""
        await self._renewing.end()
        if self._pull is not None:
            client = self._pull.client
            if client.is_connected and (self._unacknowledged or self._pull.buffered()):
                # The server would answer an open request of this source with a message that is given back.
                await self._pull.until_no_request_is_open(_LAST_REQUEST)
            unacknowledged = [*(message for message, _ in self._unacknowledged.values()), *self._pull.buffered()]
            self._unacknowledged.clear()
            with contextlib.suppress(BrokerUnavailable), outage(self.place):
                for message in unacknowledged if client.is_connected else ():
                    await message.nak()
                if client.is_connected:
                    await client.flush(2)
        self._pull = None
        await self._link.close()

    async def receive(self, limit: int = 100, timeout: float = 1.0) -> Sequence[Delivery]:  # noqa: ASYNC109  # the port's
        """The messages that have arrived. Raises ``BrokerUnavailable`` during an outage; call it again."""
        session = await self._link.session()
        pull = self._pull
        assert pull is not None  # noqa: S101  # `_subscribe` has made it
        with outage(self.place):
            messages = await pull.fetch(limit, timeout)
        if pull.lost is not None:
            await self._link.discard(session)
            raise BrokerUnavailable(self.place, pull.lost) if session.denied is None else denied(self.place, pull.lost)
        self._until = asyncio.get_running_loop().time() + self._max_hold
        try:
            deliveries = [_NatsDelivery(self, message, self._envelope(message)) for message in messages]
        except OSError:  # `read` needs something that is away
            pull.put_back(messages)
            raise
        self._unacknowledged.update((id(message), (message, self._until)) for message in messages)
        return deliveries

    def forget(self, message: Msg) -> None:
        """Neither renew ``message`` nor give it back in :meth:`close`. For deliveries of this source."""
        self._unacknowledged.pop(id(message), None)

    async def renew(self) -> None:
        """Renew unacknowledged messages, so that the server does not give them to other members."""
        pull, now = self._pull, asyncio.get_running_loop().time()
        if pull is None or not pull.client.is_connected:
            return
        held = [message for message, until in self._unacknowledged.values() if until > now]
        with contextlib.suppress(BrokerUnavailable), outage(self.place):
            for message in pull.buffered() if self._until > now else ():
                await message.in_progress()
            for message in held:
                if id(message) in self._unacknowledged:
                    await message.in_progress()

    def _envelope(self, message: Msg) -> Envelope:
        parts = (message.subject, message.data, _headers(message), _place(message))
        return received(*parts) if self._read is None else read_by(self._read, message, partial(unread, *parts))

    async def _subscribe(self, session: NatsSession) -> None:
        self._unacknowledged.clear()  # the server delivers messages of an earlier session again after `ack_wait`
        if isinstance(self._stream, NatsStream):
            await self._stream.make(session.jetstream)
        consumers = [await self._consumer(session.jetstream, topic) for topic in self._topics]
        self._pull = pull = NatsPull(session.client, session.jetstream, consumers)
        session.on_end(pull.end)
        await pull.start()
        self._renewing.start()

    async def _consumer(self, jetstream: JetStreamContext, topic: str) -> tuple[str, str]:
        stream = self._stream.name if isinstance(self._stream, NatsStream) else self._stream
        try:
            stream = stream or await jetstream.find_stream_name_by_subject(topic)
        except NotFoundError:
            raise BrokerUnavailable(self.place, f"no stream takes the subject {topic!r}: create one") from None
        name = _consumer_name(self._group, topic)
        try:
            await jetstream.consumer_info(stream, name)
        except NotFoundError:
            _log.info("%s has no group %r for %r; creating it", self.place, self._group, topic)
            await jetstream.add_consumer(  # pyright: ignore[reportUnknownMemberType]  # the driver's
                stream,
                ConsumerConfig(
                    name=name,
                    durable_name=name,
                    filter_subject=topic,
                    deliver_policy=DeliverPolicy.ALL,
                    ack_policy=AckPolicy.EXPLICIT,
                    ack_wait=self._ack_wait,
                    max_ack_pending=self._max_ack_pending,
                ),
            )
        return stream, name


class _NatsDelivery(Delivery):
    """A message of NATS. The server counts its deliveries."""

    def __init__(self, source: NatsMessageSource, message: Msg, envelope: Envelope) -> None:
        self.envelope = envelope
        self.attempt = message.metadata.num_delivered
        self._source = source
        self._message = message
        self._settled = False

    async def ack(self) -> None:
        """Acknowledge the message."""
        if self._is_first_call():
            with outage(self._source.place):
                await self._message.ack()

    async def nack(self, delay: float = 0.0) -> None:
        """Give the message back: the server delivers it again after ``delay`` seconds."""
        if self._is_first_call():
            with (
                contextlib.suppress(BrokerUnavailable),
                outage(self._source.place),
            ):  # the server then delivers it again by itself
                await self._message.nak(delay)

    def _is_first_call(self) -> bool:
        is_first, self._settled = not self._settled, True
        self._source.forget(self._message)
        return is_first


def _consumer_name(group: str, topic: str) -> str:
    wanted = f"{group}-{topic}"
    allowed = re.sub(r"[^\w-]", "_", wanted, flags=re.ASCII)
    # Different names must stay different when characters that NATS does not allow are replaced.
    return allowed if allowed == wanted else f"{allowed}-{zlib.crc32(wanted.encode()):08x}"


def _place(message: Msg) -> str:
    origin = message.metadata
    # With the timestamp, because a stream can be deleted and created again.
    return f"{origin.stream}/{origin.sequence.stream}/{origin.timestamp.isoformat()}"


def _headers(message: Msg) -> dict[str, str]:
    headers = message.headers or {}
    known = {"message-id": headers["Nats-Msg-Id"]} if "Nats-Msg-Id" in headers else {}
    return known | {_name(name): value for name, value in headers.items() if not name.startswith("Nats-")}


def _name(name: str) -> str:
    lower = name.lower()
    return lower if lower in _CONTENT else name
