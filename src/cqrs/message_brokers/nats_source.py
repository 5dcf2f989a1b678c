"""Step 6, messages from NATS JetStream through nats-py."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import re
import zlib
from typing import TYPE_CHECKING, Any

from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

from cqrs.adapters.nats_link import NatsLink, outage
from cqrs.adapters.nats_pull import NatsPull
from cqrs.adapters.nats_stream import NatsStream
from cqrs.envelope import Envelope
from cqrs.errors.messages import BrokerUnavailable, InvalidEnvelope
from cqrs.message_brokers.nats import NatsMessageBroker
from cqrs.message_brokers.source import Delivery, MessageSource

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping, Sequence

    from nats.aio.msg import Msg
    from nats.js import JetStreamContext

    from cqrs.adapters.nats_link import NatsSession

_log = logging.getLogger(__name__)


class NatsMessageSource(MessageSource):
    """Receives ``topics`` as a member of ``group``, from their first message on, through durable pull consumers.

    A message that is not acknowledged within ``ack_wait`` seconds goes to another member: handle a batch in less. At
    most ``max_ack_pending`` messages of a topic are with the group. Messages of one key stay in order for one member
    until one of them is given back or an outage comes: what comes again comes after what is newer. Several members
    share the messages of a topic, whatever their keys. With a ``max_ack_pending`` of 1 the order is kept through all of
    this, and a group handles a topic one message after the other.

    ``stream`` and ``options`` are as for ``NatsMessageBroker``. A message that ``read`` cannot make an envelope of is
    logged as an error and stays unacknowledged.
    """

    features = NatsMessageBroker.features

    def __init__(  # noqa: PLR0913  # options, each with a default
        self,
        servers: str | Sequence[str],
        *topics: str,
        group: str = "default",
        stream: str | NatsStream | None = None,
        ack_wait: float = 30.0,
        max_ack_pending: int = 1000,
        tls: ssl.SSLContext | None = None,
        timeout: float = 10.0,
        options: Mapping[str, Any] | None = None,
        read: Callable[[Msg], Envelope] | None = None,
    ) -> None:
        one = max_ack_pending == 1
        self.features = dataclasses.replace(NatsMessageBroker.features, shared_in_order=one, keeps_place=one)
        self._link = NatsLink(servers, tls=tls, timeout=timeout, options=options, opened=self._subscribe)
        self._topics = topics
        self._group = group
        self._stream = stream
        self._ack_wait = ack_wait
        self._max_ack_pending = max_ack_pending
        self._read = read or _envelope
        self._pull: NatsPull | None = None
        self._unsettled: dict[int, Msg] = {}

    @property
    def place(self) -> str:
        """Where it is, for messages to people."""
        return self._link.place

    async def start(self) -> None:
        """Make the consumers of the group if they are not there. Safe to call again."""
        await self._link.session()

    async def close(self) -> None:
        """Give back what is not acknowledged and disconnect. Safe to call again."""
        if self._pull is not None:
            unsettled, self._unsettled = [*self._unsettled.values(), *self._pull.buffered()], {}
            session = await self._link.session() if self._pull.lost is None else None
            with contextlib.suppress(BrokerUnavailable), outage(self.place):
                for message in unsettled if session else ():
                    await message.nak()
                if session:
                    await session.client.flush(2)
        self._pull = None
        await self._link.close()

    async def receive(self, limit: int = 100, timeout: float = 1.0) -> Sequence[Delivery]:  # noqa: ASYNC109  # the port's
        """What has arrived. Raises ``BrokerUnavailable`` during an outage; call it again."""
        session = await self._link.session()
        pull = self._pull
        assert pull is not None  # noqa: S101  # a session is opened with one
        with outage(self.place):
            messages = await pull.take(limit, timeout)
        if pull.lost is not None:
            await self._link.discard(session)
            raise BrokerUnavailable(self.place, pull.lost)
        deliveries: list[Delivery] = []
        for message in messages:
            try:
                deliveries.append(_NatsDelivery(self, message, self._read(message)))
            except InvalidEnvelope as error:
                _log.error("%s It stays in the stream, unacknowledged.", error)
        return deliveries

    def owe(self, message: Msg) -> None:
        """It is given back at the end if it is not settled before."""
        self._unsettled[id(message)] = message

    def settled(self, message: Msg) -> None:
        """It is not given back at the end."""
        self._unsettled.pop(id(message), None)

    async def _subscribe(self, session: NatsSession) -> None:
        self._unsettled.clear()  # what an earlier session had delivered comes again when its time is over
        if isinstance(self._stream, NatsStream):
            await self._stream.make(session.jetstream)
        consumers = [await self._consumer(session.jetstream, topic) for topic in self._topics]
        self._pull = pull = NatsPull(session.client, session.jetstream, consumers)
        session.on_loss(lambda: pull.end("the connection was lost"))
        await pull.start()

    async def _consumer(self, jetstream: JetStreamContext, topic: str) -> tuple[str, str]:
        stream = self._stream.name if isinstance(self._stream, NatsStream) else self._stream
        try:
            stream = stream or await jetstream.find_stream_name_by_subject(topic)
        except NotFoundError:
            raise BrokerUnavailable(self.place, f"no stream takes the subject {topic!r}; make one") from None
        name = _consumer_name(self._group, topic)
        try:
            await jetstream.consumer_info(stream, name)
        except NotFoundError:
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
        source.owe(message)

    async def ack(self) -> None:
        """It is done."""
        if self._first_word():
            with outage(self._source.place):
                await self._message.ack()

    async def nack(self, delay: float = 0.0) -> None:
        """The server delivers it again after ``delay`` seconds."""
        if self._first_word():
            with contextlib.suppress(BrokerUnavailable), outage(self._source.place):  # it then comes again all the more
                await self._message.nak(delay)

    def _first_word(self) -> bool:
        first, self._settled = not self._settled, True
        self._source.settled(self._message)
        return first


def _consumer_name(group: str, topic: str) -> str:
    wanted = f"{group}-{topic}"
    allowed = re.sub(r"[^\w-]", "_", wanted, flags=re.ASCII)
    # Two names must not become one when the characters that NATS does not take are replaced.
    return allowed if allowed == wanted else f"{allowed}-{zlib.crc32(wanted.encode()):08x}"


def _envelope(message: Msg) -> Envelope:
    headers = dict(message.headers or {})
    known = {"message-id": headers["Nats-Msg-Id"]} if "Nats-Msg-Id" in headers else {}
    ours = {name: value for name, value in headers.items() if not name.startswith("Nats-")}
    return Envelope.from_headers(message.subject, message.data, {**known, **ours})
