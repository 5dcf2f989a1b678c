"""Send messages to one partition of Kafka: one batch at a time, in order."""

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
    """One message in the form of Kafka; ``invalid`` is the reason why it cannot be sent."""

    topic: str
    key: bytes | None
    value: bytes
    headers: Sequence[tuple[str, bytes]] = ()
    invalid: Exception | None = None
    index: int = 0
    alone: bool = False
    has_result: bool = False

    @property
    def content(self) -> tuple[object, ...]:
        """Equal for two records of the same message, and for no others."""
        return (self.key, self.value, tuple(self.headers))


class Call:
    """The records of one call of ``send``, with the result of each."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.records = records
        self.is_abandoned = False
        self._results: list[Exception | None] = [None] * len(records)
        self._left = len(records)
        self._first_failure: dict[bytes, tuple[int, Exception]] = {}
        self._finished = asyncio.get_running_loop().create_future()
        for index, record in enumerate(records):
            record.index = index

    def refusal(self, record: Record) -> Exception | None:
        """The error of an earlier record of the same key, after which ``record`` must not be sent."""
        if not self._first_failure or record.key is None:
            return None
        index, error = self._first_failure.get(record.key, (record.index, None))
        return error if index < record.index else None

    def set_result(self, record: Record, error: Exception | None) -> None:
        """Set the result of ``record``; only the first call counts."""
        if record.has_result:
            return
        record.has_result = True
        self._results[record.index] = error
        if error is not None and record.key is not None:
            index, _ = self._first_failure.get(record.key, (record.index, error))
            if record.index <= index:
                self._first_failure[record.key] = (record.index, error)
        self._left -= 1
        if not self._left and not self._finished.done():
            self._finished.set_result(None)

    async def results(self) -> list[Exception | None]:
        """The results in the order of the records, when all are known. If cancelled, drops the records not sent yet."""
        try:
            if self._left:
                await self._finished
        finally:
            self.is_abandoned = self._left > 0
        return self._results


class Connection(Protocol):
    """The connection over which a lane sends."""

    def new_batch(self) -> Any:
        """An empty batch."""
        ...

    async def send_batch(self, batch: Any, topic: str, partition: int, size: int) -> None:
        """Return when the batch is confirmed."""
        ...

    def lose(self, error: Exception) -> None:
        """Close the connection, because ``error`` is an outage."""
        ...


class Lane:
    """The queue for one partition. One batch at a time is unconfirmed; records of later calls share the next batch.

    Kafka accepts or rejects a batch as a whole. After a rejection its records are sent one by one, which finds the
    faulty ones. Any other error is an outage and closes the connection.
    """

    def __init__(self, connection: Connection, topic: str, partition: int) -> None:
        self._connection = connection
        self._topic = topic
        self._partition = partition
        self._waiting: deque[tuple[Record, Call]] = deque()
        self._in_batch: list[tuple[Record, Call]] = []
        self._abandoned: dict[tuple[object, ...], int] = {}
        self.task: asyncio.Task[None] | None = None

    def put(self, record: Record, call: Call) -> None:
        """Queue ``record``, unless an abandoned call has put it into the unconfirmed batch: then take that over."""
        index = self._abandoned.pop(record.content, None) if self._abandoned else None
        if index is not None:
            self._in_batch[index] = (record, call)
            return
        self._waiting.append((record, call))
        if self.task is None:
            self.task = asyncio.create_task(self._run(), context=context_without_turn())

    def abandon(self, call: Call) -> None:
        """Remember the records of ``call`` in the unconfirmed batch, for a later call that sends them again."""
        self._abandoned |= {record.content: index for index, (record, of) in enumerate(self._in_batch) if of is call}

    def drop(self, error: Exception) -> None:
        """Send nothing more, and fail all records with ``error``."""
        for record, call in (*self._in_batch, *self._waiting):
            call.set_result(record, error)
        self._waiting.clear()
        if self.task is not None and self.task is not asyncio.current_task():
            self.task.cancel()

    async def _run(self) -> None:
        try:
            while self._waiting:
                batch = self._fill()
                if self._in_batch:
                    await self._send(batch)
        finally:
            self.task = None

    def _fill(self) -> Any:
        batch = self._connection.new_batch()
        self._in_batch = []
        while self._waiting:
            record, call = self._waiting[0]
            if record.alone and self._in_batch:
                break
            error = call.refusal(record)
            try:
                if error is None and not call.is_abandoned:
                    if batch.append(timestamp=None, key=record.key, value=record.value, headers=record.headers) is None:
                        break
                    self._in_batch.append((record, call))
            except (TypeError, ValueError, AttributeError) as cannot_be_encoded:
                error = cannot_be_encoded
            self._waiting.popleft()
            if error is not None:
                call.set_result(record, error)
            elif record.alone:
                break
        batch.close()
        return batch

    async def _send(self, batch: Any) -> None:
        error: Exception | None = None
        try:
            await self._connection.send_batch(batch, self._topic, self._partition, len(self._in_batch))
        except Exception as raised:  # noqa: BLE001  # it is the result
            error = raised
        if error is not None and not is_rejection(error):
            self._connection.lose(error)
        elif error is not None and len(self._in_batch) > 1:
            for record, _ in self._in_batch:
                record.alone = True
            self._waiting.extendleft(reversed(self._in_batch))
        else:
            for record, call in self._in_batch:
                call.set_result(record, error)
        self._in_batch, self._abandoned = [], {}
