"""Step 5, how messages get to one partition of Kafka: batch after batch, in their order."""

from __future__ import annotations

import asyncio
import dataclasses
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

from cqrs._tasks.running import context_without_turn
from cqrs.message_brokers.kafka.errors import is_rejection

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclasses.dataclass(eq=False, slots=True)
class Record:
    """One message as Kafka takes it, or the reason why it cannot."""

    topic: str
    key: bytes | None
    value: bytes
    headers: Sequence[tuple[str, bytes]] = ()
    invalid: Exception | None = None
    index: int = 0
    alone: bool = False
    settled: bool = False

    @property
    def content(self) -> tuple[object, ...]:
        """What two records of one message have in common, and no others."""
        return (self.key, self.value, tuple(self.headers))


class Call:
    """The records of one call of ``send``, and what became of each."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.records = records
        self.given_up = False
        self._results: list[Exception | None] = [None] * len(records)
        self._left = len(records)
        self._first_failure: dict[bytes, tuple[int, Exception]] = {}
        self._finished = asyncio.get_running_loop().create_future()
        for index, record in enumerate(records):
            record.index = index

    def refusal(self, record: Record) -> Exception | None:
        """The error of an earlier record of its key: this one must not overtake it."""
        if not self._first_failure or record.key is None:
            return None
        index, error = self._first_failure.get(record.key, (record.index, None))
        return error if index < record.index else None

    def settle(self, record: Record, error: Exception | None) -> None:
        """Take the first word on ``record``."""
        if record.settled:
            return
        record.settled = True
        self._results[record.index] = error
        if error is not None and record.key is not None:
            index, _ = self._first_failure.get(record.key, (record.index, error))
            if record.index <= index:
                self._first_failure[record.key] = (record.index, error)
        self._left -= 1
        if not self._left and not self._finished.done():
            self._finished.set_result(None)

    async def results(self) -> list[Exception | None]:
        """By position, when all is known. Whoever stops waiting does not want the rest to be sent."""
        try:
            if self._left:
                await self._finished
        finally:
            self.given_up = self._left > 0
        return self._results


class Road(Protocol):
    """What a lane leads over."""

    def new_batch(self) -> Any:
        """An empty batch."""
        ...

    async def send_batch(self, batch: Any, topic: str, partition: int, size: int) -> None:
        """Return when the batch is confirmed."""
        ...

    def lose(self, error: Exception) -> None:
        """Nothing gets through any more."""
        ...


class Lane:
    """The way to one partition. One batch is under way at a time; whoever comes meanwhile shares the next one.

    Kafka takes or rejects a batch as a whole. After a rejection its records go one by one, which shows whose fault it
    is. What is neither taken nor rejected is an outage, and ends the road.
    """

    def __init__(self, road: Road, topic: str, partition: int) -> None:
        self._road = road
        self._topic = topic
        self._partition = partition
        self._waiting: deque[tuple[Record, Call]] = deque()
        self._under_way: list[tuple[Record, Call]] = []
        self._left: dict[tuple[object, ...], int] = {}
        self.task: asyncio.Task[None] | None = None

    def put(self, record: Record, call: Call) -> None:
        """Send it after those that are here, unless it is under way already for a call that was given up."""
        place = self._left.pop(record.content, None) if self._left else None
        if place is not None:
            self._under_way[place] = (record, call)
            return
        self._waiting.append((record, call))
        if self.task is None:
            self.task = asyncio.create_task(self._run(), context=context_without_turn())

    def leave(self, call: Call) -> None:
        """Nobody waits for ``call`` any more. What is under way for it is kept for whoever sends it again."""
        self._left |= {record.content: place for place, (record, of) in enumerate(self._under_way) if of is call}

    def drop(self, error: Exception) -> None:
        """Send nothing more."""
        for record, call in (*self._under_way, *self._waiting):
            call.settle(record, error)
        self._waiting.clear()
        if self.task is not None and self.task is not asyncio.current_task():
            self.task.cancel()

    async def _run(self) -> None:
        try:
            while self._waiting:
                batch = self._fill()
                if self._under_way:
                    await self._send(batch)
        finally:
            self.task = None

    def _fill(self) -> Any:
        batch = self._road.new_batch()
        self._under_way = []
        while self._waiting:
            record, call = self._waiting[0]
            if record.alone and self._under_way:
                break
            error = call.refusal(record)
            try:
                if error is None and not call.given_up:
                    if batch.append(timestamp=None, key=record.key, value=record.value, headers=record.headers) is None:
                        break
                    self._under_way.append((record, call))
            except (TypeError, ValueError, AttributeError) as cannot_be_encoded:
                error = cannot_be_encoded
            self._waiting.popleft()
            if error is not None:
                call.settle(record, error)
            elif record.alone:
                break
        batch.close()
        return batch

    async def _send(self, batch: Any) -> None:
        error: Exception | None = None
        try:
            await self._road.send_batch(batch, self._topic, self._partition, len(self._under_way))
        except Exception as raised:  # noqa: BLE001  # it is the result
            error = raised
        if error is not None and not is_rejection(error):
            self._road.lose(error)
        elif error is not None and len(self._under_way) > 1:
            for record, _ in self._under_way:
                record.alone = True
            self._waiting.extendleft(reversed(self._under_way))
        else:
            for record, call in self._under_way:
                call.settle(record, error)
        self._under_way, self._left = [], {}
