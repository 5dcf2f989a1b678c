"""The source for Redis Streams, with redis-py."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic_core import to_json
from redis.exceptions import NoPermissionError, ResponseError

from cqrs._arguments import check_text, check_texts
from cqrs._renamed import renamed_parameters
from cqrs.errors.messages import BrokerUnavailable
from cqrs.message_brokers.foreign import read_by, received, text_of, unread
from cqrs.message_brokers.redis.broker import BODY, RedisMessageBroker
from cqrs.message_brokers.redis.link import RedisServer
from cqrs.message_brokers.renewing import Renewing
from cqrs.message_brokers.source import Delivery, MessageSource

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cqrs.envelope import Envelope

_log = logging.getLogger(__name__)

_Entry = tuple[str, bytes, dict[bytes, bytes], int]  # stream, id, fields, number of the delivery


class StreamEntry(NamedTuple):
    """An entry of a stream, as Redis has it."""

    topic: str
    entry_id: str
    fields: Mapping[bytes, bytes]


class RedisMessageSource(MessageSource):
    """Receives ``topics`` as a member of the consumer group ``group``, from the first message of each stream on.

    The unacknowledged messages of a member go to another one ``claim_after`` seconds after the member has died or
    blocked its event loop; a living member keeps them for ``max_hold`` seconds at most. A single member receives the
    messages of one key in order, also after outages, and after its own crash if it starts again with the same name
    ``member``, which no other member may have. Several members share the messages of a topic, whatever their keys.

    An entry that this package has not added gets its topic as its name and an id made from its own. Without a field
    ``message-body``, its fields become the body, as JSON. ``read`` can make another envelope of an entry; if it raises,
    the error becomes the reason why the entry is unreadable. The creation of a stream is logged at the level INFO.
    ``options`` are as for ``RedisMessageBroker``.
    """

    features = RedisMessageBroker.features

    @renamed_parameters("RedisMessageSource", hold="max_hold")
    def __init__(  # noqa: PLR0913  # options, each with a default
        self,
        url: str,
        *topics: str,
        group: str = "default",
        member: str | None = None,
        claim_after: float = 30.0,
        max_hold: float = 3600.0,
        timeout: float = 10.0,
        options: Mapping[str, Any] | None = None,
        read: Callable[[StreamEntry], Envelope] | None = None,
    ) -> None:
        check_texts("topics", topics, "one topic or more, each as an argument of its own")
        check_text("group", group, "the name of the group")
        self._server = RedisServer(url, timeout, options)
        self._topics = topics
        self._group = group
        self._member = member or uuid.uuid4().hex
        self._idle = max(1, int(claim_after * 1000))
        self._longest_block = timeout / 2  # a longer wait counts as an outage for the driver
        self._joined = False  # false after an outage too: the server may have lost the group
        self._cursors: dict[str, bytes] = {}
        self._buffer: deque[_Entry] = deque()
        self._max_hold = max_hold
        self._open: dict[
            tuple[str, bytes], float
        ] = {}  # unacknowledged messages, in order, and until when they are renewed
        self._renewing = Renewing(self, claim_after / 3)
        self._custom_read = read

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._group} of {', '.join(self._topics)} on {self._server.place}>"

    async def start(self) -> None:
        """Create the group if necessary, and fetch the unacknowledged messages of this member. Safe to call again."""
        if self._joined:
            return
        async with self._server.outage():
            for topic in self._topics:
                await self._join(topic)
            # Messages that were unacknowledged at an outage or a crash must come before newer ones.
            self._buffer.clear()
            self._open.clear()
            for topic in self._topics:
                self._keep(await self._given(topic))
        self._joined = True
        self._renewing.start()

    async def close(self) -> None:
        """Give unacknowledged messages back and disconnect. This member stays in the list of the group."""
        await self._renewing.end()
        unsettled, self._open = list(self._open), {}
        self._buffer.clear()
        with contextlib.suppress(BrokerUnavailable):
            for topic, entry_id in unsettled:
                await self._put_back(topic, entry_id, 0)
        self._joined = False
        await self._server.close()

    async def receive(self, limit: int = 100, timeout: float = 1.0) -> Sequence[Delivery]:  # noqa: ASYNC109  # the port's
        """The messages that have arrived. Raises ``BrokerUnavailable`` during an outage; call it again."""
        await self.start()
        deadline = asyncio.get_running_loop().time() + timeout
        while not self._buffer:
            try:
                async with self._server.outage():
                    entries = await self._claim(limit)
                    left = deadline - asyncio.get_running_loop().time()
                    if not entries:
                        entries = await self._read(limit, left)
            except BrokerUnavailable:
                self._joined = False
                raise
            self._keep(entries)
            if left <= 0:
                break
        entries = [self._buffer.popleft() for _ in range(min(limit, len(self._buffer)))]
        try:
            return [self._delivery(entry) for entry in entries]
        except OSError:  # `read` needs something that is away
            self._buffer.extendleft(reversed(entries))
            raise

    async def ack(self, deliveries: Sequence[Delivery]) -> None:
        """Acknowledge ``deliveries`` in one round trip, with one command for each stream."""
        by_topic: dict[str, list[bytes]] = {}
        for delivery in deliveries:
            if not isinstance(delivery, _RedisDelivery):
                await delivery.ack()  # a wrapper, whose `ack` may do more
                continue
            topic, entry_id = place = delivery.place
            if place in self._open:  # it was neither acknowledged nor given back before
                del self._open[place]
                by_topic.setdefault(topic, []).append(entry_id)
        if not by_topic:
            return
        try:
            async with self._server.outage():
                pipeline: Any = self._server.client.pipeline(transaction=False)
                for topic, entry_ids in by_topic.items():
                    pipeline.xack(topic, self._group, *entry_ids)
                await pipeline.execute()
        except BrokerUnavailable:
            self._joined = False
            raise

    async def renew(self) -> None:
        """Renew unacknowledged messages, so that other members do not claim them."""
        now, by_topic = asyncio.get_running_loop().time(), dict[str, list[bytes]]()
        for (topic, entry_id), until in self._open.items():
            if until > now:
                by_topic.setdefault(topic, []).append(entry_id)
        if not by_topic or not self._joined:
            return
        pipeline: Any = self._server.client.pipeline(transaction=False)
        for topic, entry_ids in by_topic.items():
            pipeline.xclaim(topic, self._group, self._member, 0, entry_ids, justid=True)
        with contextlib.suppress(BrokerUnavailable):
            async with self._server.outage():
                await pipeline.execute()

    async def _join(self, topic: str) -> None:
        create = self._server.client.xgroup_create
        try:
            try:
                await create(topic, self._group, id="0")
            except ResponseError as error:
                if "requires the key to exist" not in str(error):
                    raise
                await create(topic, self._group, id="0", mkstream=True)
                _log.info(
                    "%s had no stream %r; it was created for the group %r", self._server.place, topic, self._group
                )
        except NoPermissionError as error:
            remedy = f"let its user read {topic!r}, by ACL SETUSER <user> ~{topic} +@stream"
            raise BrokerUnavailable(self._server.place, error, remedy) from error
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    async def give_back(self, topic: str, entry_id: bytes, delay: float) -> None:
        """Give a message back, unless it was acknowledged or given back before. For deliveries of this source."""
        if (topic, entry_id) in self._open:
            del self._open[topic, entry_id]
            with contextlib.suppress(BrokerUnavailable):  # it is then claimed after `claim_after`
                await self._put_back(topic, entry_id, delay)

    async def _put_back(self, topic: str, entry_id: bytes, delay: float) -> None:
        # Members claim entries that are idle for long enough: set the idle time so that it is reached after `delay`.
        idle = max(0, self._idle - int(delay * 1000))
        async with self._server.outage():
            await self._server.client.xclaim(topic, self._group, self._member, 0, [entry_id], idle=idle, justid=True)

    def _keep(self, entries: list[_Entry]) -> None:
        self._buffer.extend(entries)
        until = asyncio.get_running_loop().time() + self._max_hold
        self._open.update(((topic, entry_id), until) for topic, entry_id, _, _ in entries)

    async def _given(self, topic: str) -> list[_Entry]:
        found, last = list[_Entry](), b"0"
        while True:
            answer: Any = await self._server.client.xreadgroup(self._group, self._member, {topic: last}, count=1000)
            entries = [(entry_id, fields) for _, given in answer for entry_id, fields in given]
            if not entries:
                return found
            last = entries[-1][0]
            found += await self._counted(topic, [(entry_id, fields) for entry_id, fields in entries if fields])

    async def _counted(self, topic: str, entries: list[tuple[bytes, dict[bytes, bytes]]]) -> list[_Entry]:
        counted: list[_Entry] = []
        for entry_id, fields in entries:
            # The previous member may have acknowledged it meanwhile: then it is not pending any more.
            pending: Any = await self._server.client.xpending_range(topic, self._group, entry_id, entry_id, 1)
            counted += [(topic, entry_id, fields, one["times_delivered"]) for one in pending]
        return counted

    async def _claim(self, limit: int) -> list[_Entry]:
        client, entries = self._server.client, list[_Entry]()
        for topic in self._topics:
            answer: Any = await client.xautoclaim(
                topic, self._group, self._member, self._idle, self._cursors.get(topic, b"0-0"), count=limit
            )
            self._cursors[topic], claimed, *_ = answer
            # In Redis 6.2, entries that were trimmed have no fields.
            entries += await self._counted(topic, [(entry_id, fields) for entry_id, fields in claimed if fields])
        return entries

    async def _read(self, limit: int, left: float) -> list[_Entry]:
        block = max(1, int(min(left, self._longest_block) * 1000)) if left > 0 else None
        answer: Any = await self._server.client.xreadgroup(
            self._group, self._member, dict.fromkeys(self._topics, ">"), count=limit, block=block
        )
        return [(topic.decode(), entry_id, fields, 1) for topic, entries in answer for entry_id, fields in entries]

    def _delivery(self, entry: _Entry) -> _RedisDelivery:
        topic, entry_id, fields, attempt = entry
        given = StreamEntry(topic, entry_id.decode(), fields)
        envelope = (
            _envelope(given)
            if self._custom_read is None
            else read_by(self._custom_read, given, lambda error: _envelope(given, error))
        )
        return _RedisDelivery(self, (topic, entry_id), envelope, attempt)


class _RedisDelivery(Delivery):
    """A message of Redis. The server counts its deliveries."""

    def __init__(self, source: RedisMessageSource, place: tuple[str, bytes], envelope: Envelope, attempt: int) -> None:
        self.envelope = envelope
        self.attempt = attempt
        self.place = place
        self._source = source

    async def ack(self) -> None:
        """Acknowledge the message."""
        await self._source.ack([self])

    async def nack(self, delay: float = 0.0) -> None:
        """Give the message back, to any member, after ``delay`` seconds, at most ``claim_after``."""
        await self._source.give_back(*self.place, delay)


_BODY = BODY.encode()


def _envelope(entry: StreamEntry, error: Exception | None = None) -> Envelope:
    topic, entry_id, fields = entry
    headers = {text_of(name): text_of(value) for name, value in fields.items() if name != _BODY}
    body = fields.get(_BODY, b"")
    if _BODY not in fields and "message-name" not in headers:  # another program has its own fields
        body, headers = to_json(headers), {}
    place = f"{topic}/{entry_id}"
    return received(topic, body, headers, place) if error is None else unread(topic, body, headers, place, error)
