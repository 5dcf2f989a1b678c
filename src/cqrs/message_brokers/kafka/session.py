"""One connection of a producer to Kafka, until it is closed or lost."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from cqrs._tasks.running import context_without_turn
from cqrs.message_brokers.driver_logs import quiet
from cqrs.message_brokers.kafka.connection import giving_up_before
from cqrs.message_brokers.kafka.driver import (
    KafkaError,
    MessageTooLarge,
    Partition,
    Partitioner,
    Producer,
    UnknownTopic,
)
from cqrs.message_brokers.kafka.ending import abandon, close_connections_of, mark_retrieved
from cqrs.message_brokers.kafka.errors import check_topic, is_rejection
from cqrs.message_brokers.kafka.lane import Call, Lane, Record

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from cqrs.message_brokers.kafka.connection import KafkaConnection

OURS = {"acks": "all", "enable_idempotence": True}
_DEFAULTS = {"max_batch_size": 131_072, "max_request_size": 1_048_576}  # a batch per partition, a message
_ROOM = 128  # more bytes than a record needs besides key, value and headers
_REMEMBERED_KEYS = 50_000


class Session:
    """An open producer of the driver. After a loss it cannot be used any more: open another.

    The driver repeats unconfirmed batches, without duplicates, without a limit. An outage of more than ``timeout``
    seconds is a loss: all waiting sends fail, and the messages that the driver buffers are discarded, so that they do
    not arrive long after their send has failed.
    """

    def __init__(self, producer: Any, timeout: float, max_size: int) -> None:
        self.loop = asyncio.get_running_loop()
        self.lost: Exception | None = None
        self._producer = producer
        self._timeout = timeout
        self._max_size = max_size
        self._lanes: dict[tuple[str, int], Lane] = {}
        self._partition_of: dict[tuple[bytes, int], int] = {}
        self._partitioner = Partitioner()
        self._ending: asyncio.Task[None] | None = None
        self._calls = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @classmethod
    async def open(cls, connection: KafkaConnection, topics: Sequence[str], timeout: float) -> Session:  # noqa: ASYNC109  # it is also for later
        """Connect. Raises ``KafkaError``, ``OSError`` or ``TimeoutError``."""
        quiet("aiokafka")
        arguments = connection.arguments(Producer, OURS, _DEFAULTS)
        arguments |= giving_up_before(timeout, arguments)
        producer = Producer(**arguments)
        session = cls(producer, timeout, arguments["max_request_size"])
        try:
            async with asyncio.timeout(timeout):
                await producer.start()
        except BaseException as error:
            close_connections_of(error)
            await session.abandon()
            raise
        for topic in topics:
            producer.client.add_topic(topic)
        return session

    async def send(self, records: Sequence[Record]) -> list[Exception | None]:
        """Send ``records``; returns for each, in order, its error, or ``None`` if it is confirmed."""
        call = Call(records)
        by_topic: defaultdict[str, list[Record]] = defaultdict(list)
        for record in records:
            by_topic[record.topic].append(record)
        self._calls += 1
        self._idle.clear()
        try:
            await asyncio.gather(*(self._queue(topic, some, call) for topic, some in by_topic.items()))
            return await call.results()
        finally:
            if call.is_abandoned:
                for lane in self._lanes.values():
                    lane.abandon(call)
            self._calls -= 1
            if not self._calls:
                self._idle.set()

    async def _queue(self, topic: str, records: list[Record], call: Call) -> None:
        try:
            partitions = await self._partitions(topic)
        except Exception as failure:  # noqa: BLE001  # it is the result of these records
            if not is_rejection(failure):
                self.lose(failure)
            for record in records:
                call.set_result(record, failure)
            return
        for record in records:
            error = self.lost or self._problem(record) or call.refusal(record)
            if error is not None:
                call.set_result(record, error)
            else:
                self._lane(topic, self._choose(topic, record.key, partitions)).put(record, call)

    def _problem(self, record: Record) -> Exception | None:
        if record.invalid is not None:
            return record.invalid
        size = len(record.key or b"") + len(record.value) + sum(len(k) + len(v) for k, v in record.headers) + _ROOM
        if size > self._max_size:
            return MessageTooLarge(f"it takes {size} bytes, and max_request_size is {self._max_size}")
        return None

    async def _partitions(self, topic: str) -> list[int]:
        check_topic(topic)
        try:
            async with self._timeout_as(f"no answer about the topic {topic!r}"):
                return sorted(await self._producer.partitions_for(topic))
        except (TimeoutError, UnknownTopic) as error:
            # The driver raises the same for a topic that does not exist and for a cluster that does not answer.
            async with self._timeout_as(f"no answer about the topic {topic!r}"):
                if await asyncio.shield(self._producer.client.force_metadata_update()):
                    raise UnknownTopic(f"there is no topic {topic!r}, or it has no leader") from error
            raise

    def _choose(self, topic: str, key: bytes | None, partitions: list[int]) -> int:
        if key is None:
            available = list(self._producer.client.cluster.available_partitions_for_topic(topic))
            return int(self._partitioner(None, partitions, available))
        place = (key, len(partitions))
        chosen = self._partition_of.get(place)
        if chosen is None:
            if len(self._partition_of) >= _REMEMBERED_KEYS:
                self._partition_of.clear()
            chosen = self._partition_of[place] = int(self._partitioner(key, partitions, partitions))
        return chosen

    def _lane(self, topic: str, partition: int) -> Lane:
        lane = self._lanes.get((topic, partition))
        if lane is None:
            lane = self._lanes[topic, partition] = Lane(self, topic, partition)
        return lane

    def new_batch(self) -> Any:
        """An empty batch."""
        return self._producer.create_batch()

    async def send_batch(self, batch: Any, topic: str, partition: int, size: int) -> None:
        """Return when the batch is confirmed."""
        async with self._timeout_as(f"no confirmation for {topic!r}"):
            confirmed = await self._producer.send_batch(batch, topic, partition=partition)
            confirmed.add_done_callback(mark_retrieved)
            try:
                await asyncio.shield(confirmed)  # so that a timeout does not cancel the driver's future
            except KafkaError as error:
                if is_rejection(error):
                    # After a rejection the driver does not reset its sequence number, and every later batch of the
                    # partition would be out of sequence. Only this batch is unconfirmed, so its size is taken back.
                    self._producer._txn_manager.increment_sequence_number(Partition(topic, partition), -size)  # noqa: SLF001
                raise

    @contextlib.asynccontextmanager
    async def _timeout_as(self, missing: str) -> AsyncGenerator[None]:
        try:
            async with asyncio.timeout(self._timeout):
                yield
        except TimeoutError as error:
            if str(error):
                raise
            raise TimeoutError(f"{missing} within {self._timeout:g} s") from error

    def lose(self, error: Exception) -> None:
        """Discard the connection, and fail all that waits with ``error``."""
        if self.lost is None:
            self.lost = error
            self._ending = asyncio.create_task(self.abandon(), context=context_without_turn())
            for lane in self._lanes.values():
                lane.drop(error)

    async def close(self) -> None:
        """Send what is buffered and disconnect."""
        await self._idle.wait()
        if self._ending is not None:
            await asyncio.shield(self._ending)
            return
        try:
            async with asyncio.timeout(self._timeout):
                await self._producer.stop()
        except BaseException:
            await self.abandon()
            raise

    async def abandon(self) -> None:
        """Disconnect and discard unconfirmed messages."""
        await abandon(self._producer)
