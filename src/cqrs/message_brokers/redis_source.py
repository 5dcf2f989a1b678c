"""Step 6, messages from Redis Streams through redis-py."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections import deque
from typing import TYPE_CHECKING, Any

from redis.exceptions import ResponseError

from cqrs.envelope import Envelope
from cqrs.errors.messages import BrokerUnavailable, InvalidEnvelope
from cqrs.message_brokers.redis import BODY, RedisMessageBroker
from cqrs.message_brokers.redis_server import RedisServer
from cqrs.message_brokers.source import Delivery, MessageSource

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_log = logging.getLogger(__name__)

_Entry = tuple[str, bytes, dict[bytes, bytes], int]  # stream, id, fields, number of the delivery


class RedisMessageSource(MessageSource):
    """Receives ``topics`` as a member of the consumer group ``group``, from the first message of each stream on.

    A message that is not acknowledged within ``claim_after`` seconds, because its member has died, goes to another:
    handle what one ``receive`` returns in less time. Messages of one key stay in order for one member, through outages
    too, and through its own crash if it comes back under the same name ``member``, which no other may have. Several
    members share the messages of a topic, whatever their keys.

    A message that cannot be read is logged as an error and stays pending. ``options`` are as for
    ``RedisMessageBroker``.
    """

    features = RedisMessageBroker.features

    def __init__(  # noqa: PLR0913  # options, each with a default
        self,
        url: str,
        *topics: str,
        group: str = "default",
        member: str | None = None,
        claim_after: float = 30.0,
        timeout: float = 10.0,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self._server = RedisServer(url, timeout, options)
        self._topics = topics
        self._group = group
        self._member = member or uuid.uuid4().hex
        self._idle = max(1, int(claim_after * 1000))
        self._longest_block = timeout / 2  # the driver takes a longer silence for an outage
        self._joined = False  # nor is it after an outage: the server may come back without the group
        self._cursors: dict[str, bytes] = {}
        self._buffer: deque[_Entry] = deque()
        self._open: dict[tuple[str, bytes], None] = {}  # what is with this member, in its order

    async def start(self) -> None:
        """Make the group if it is not there, and find what this member was given before. Safe to call again."""
        if self._joined:
            return
        with self._server.outage():
            for topic in self._topics:
                try:
                    await self._server.client.xgroup_create(topic, self._group, id="0", mkstream=True)
                except ResponseError as error:
                    if "BUSYGROUP" not in str(error):
                        raise
            # What was under way when the connection or the process broke must come before what is newer.
            self._buffer.clear()
            self._open.clear()
            for topic in self._topics:
                self._keep(await self._given(topic))
        self._joined = True

    async def close(self) -> None:
        """Give back what is not acknowledged, leave the group's list of members alone, and disconnect."""
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
                with self._server.outage():
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
        return [delivery for entry in taken if (delivery := self._delivery(entry)) is not None]

    async def ack(self, deliveries: Sequence[Delivery]) -> None:
        """Acknowledge them in one round trip, with one command for each stream."""
        by_topic: dict[str, list[bytes]] = {}
        for delivery in deliveries:
            if not isinstance(delivery, _RedisDelivery):
                await delivery.ack()  # somebody has wrapped it, and may have put more into this
                continue
            place = (delivery.envelope.topic, delivery.entry_id)
            if place in self._open:  # this is the first word on it
                del self._open[place]
                by_topic.setdefault(place[0], []).append(place[1])
        if not by_topic:
            return
        try:
            with self._server.outage():
                pipeline: Any = self._server.client.pipeline(transaction=False)
                for topic, entry_ids in by_topic.items():
                    pipeline.xack(topic, self._group, *entry_ids)
                await pipeline.execute()
        except BrokerUnavailable:
            self._joined = False
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
        with self._server.outage():
            await self._server.client.xclaim(topic, self._group, self._member, 0, [entry_id], idle=idle, justid=True)

    def _keep(self, entries: list[_Entry]) -> None:
        self._buffer.extend(entries)
        self._open.update(((topic, entry_id), None) for topic, entry_id, _, _ in entries)

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

    def _delivery(self, entry: _Entry) -> _RedisDelivery | None:
        topic, entry_id, fields, attempt = entry
        headers = {name.decode(): value.decode(errors="replace") for name, value in fields.items() if name != _BODY}
        try:
            envelope = Envelope.from_headers(topic, fields.get(_BODY, b""), headers)
        except InvalidEnvelope as error:
            _log.error("%s It stays pending as %s.", error, entry_id.decode())
            return None
        return _RedisDelivery(self, entry_id, envelope, attempt)


class _RedisDelivery(Delivery):
    """A message of Redis. The server counts its deliveries."""

    def __init__(self, source: RedisMessageSource, entry_id: bytes, envelope: Envelope, attempt: int) -> None:
        self.envelope = envelope
        self.attempt = attempt
        self.entry_id = entry_id
        self._source = source

    async def ack(self) -> None:
        """It is done."""
        await self._source.ack([self])

    async def nack(self, delay: float = 0.0) -> None:
        """Whichever member looks first delivers it again after ``delay`` seconds, at most ``claim_after``."""
        await self._source.give_back(self.envelope.topic, self.entry_id, delay)


_BODY = BODY.encode()
