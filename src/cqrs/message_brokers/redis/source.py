"""Step 6, messages from Redis Streams through redis-py."""

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

    What a member has in hand goes to another ``claim_after`` seconds after that member has died, or has blocked its
    event loop for as long; while it lives, for ``max_hold`` seconds at most. Messages of one key stay in order for one
    member, through outages too, and through its own crash if it comes back under the same name ``member``, which no
    other may have. Several members share the messages of a topic, whatever their keys.

    An entry that this package has not added has the name of its topic and an id that is made of its own; without a
    field ``message-body``, its fields are its body, as JSON. ``read`` can make another envelope of an entry; what it
    raises becomes the reason why the entry cannot be read. A stream that is made because it is not there is logged at
    the level INFO. ``options`` are as for ``RedisMessageBroker``.
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
        self._longest_block = timeout / 2  # the driver takes a longer silence for an outage
        self._joined = False  # nor is it after an outage: the server may come back without the group
        self._cursors: dict[str, bytes] = {}
        self._buffer: deque[_Entry] = deque()
        self._max_hold = max_hold
        self._open: dict[tuple[str, bytes], float] = {}  # what is with this member, in its order, and until when
        self._renewing = Renewing(self, claim_after / 3)
        self._custom_read = read

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._group} of {', '.join(self._topics)} on {self._server.place}>"

    async def start(self) -> None:
        """Make the group if it is not there, and find what this member was given before. Safe to call again."""
        if self._joined:
            return
        async with self._server.outage():
            for topic in self._topics:
                await self._join(topic)
            # What was under way when the connection or the process broke must come before what is newer.
            self._buffer.clear()
            self._open.clear()
            for topic in self._topics:
                self._keep(await self._given(topic))
        self._joined = True
        self._renewing.start()

    async def close(self) -> None:
        """Give back what is not acknowledged, leave the group's list of members alone, and disconnect."""
        await self._renewing.end()
        unsettled, self._open = list(self._open), {}
        self._buffer.clear()
        with contextlib.suppress(BrokerUnavailable):
            for topic, entry_id in unsettled:
                await self._put_back(topic, entry_id, 0)
        self._joined = False
        await self._server.close()

    async def receive(self, limit: int = 100, timeout: float = 1.0) -> Sequence[Delivery]:  # noqa: ASYNC109  # the port's
        """What has arrived. Raises ``BrokerUnavailable`` during an outage; call it again."""
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
        taken = [self._buffer.popleft() for _ in range(min(limit, len(self._buffer)))]
        try:
            return [self._delivery(entry) for entry in taken]
        except OSError:  # what `read` needs is away
            self._buffer.extendleft(reversed(taken))
            raise

    async def ack(self, deliveries: Sequence[Delivery]) -> None:
        """Acknowledge them in one round trip, with one command for each stream."""
        by_topic: dict[str, list[bytes]] = {}
        for delivery in deliveries:
            if not isinstance(delivery, _RedisDelivery):
                await delivery.ack()  # somebody has wrapped it, and may have put more into this
                continue
            topic, entry_id = place = delivery.place
            if place in self._open:  # this is the first word on it
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
        """Keep what is in hand from other members."""
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
                _log.info("%s had no stream %r; it is made, for the group %r", self._server.place, topic, self._group)
        except NoPermissionError as error:
            remedy = f"let its user read {topic!r}, by ACL SETUSER <user> ~{topic} +@stream"
            raise BrokerUnavailable(self._server.place, error, remedy) from error
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    async def give_back(self, topic: str, entry_id: bytes, delay: float) -> None:
        """Take the first word on a message."""
        if (topic, entry_id) in self._open:
            del self._open[topic, entry_id]
            with contextlib.suppress(BrokerUnavailable):  # it then comes again when its time is over
                await self._put_back(topic, entry_id, delay)

    async def _put_back(self, topic: str, entry_id: bytes, delay: float) -> None:
        # Members take over what has been idle for long enough: let it seem to have been, but for the delay.
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
            # Whoever had it may have acknowledged it after all, a moment ago: then it is not pending any more.
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
            # In Redis 6.2, what has been trimmed away has no fields.
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
        """It is done."""
        await self._source.ack([self])

    async def nack(self, delay: float = 0.0) -> None:
        """Whichever member looks first delivers it again after ``delay`` seconds, at most ``claim_after``."""
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
