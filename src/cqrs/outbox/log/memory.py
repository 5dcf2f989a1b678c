"""Step 4, the log of a database in memory, and where messages of it are diverted to: the reference for the others."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from typing_extensions import override

from cqrs.errors.databases import LogBusy, LogSlotLost
from cqrs.outbox.log.protocol import Diversion, LogBatch, LoggedMessage, LogPosition, OutboxLog

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from cqrs.outbox.log.protocol import Diverted
    from cqrs.outbox.memory.store import MemoryOutbox


class MemoryLogStore:
    """What was committed, and how far each reader has confirmed it. It keeps everything until the process ends."""

    def __init__(self) -> None:
        self.transactions: list[tuple[bytes, ...]] = []
        self.confirmed: dict[str, int] = {}
        self.readers: dict[str, MemoryLog] = {}
        self.grown = asyncio.Event()

    def commit(self, *contents: bytes) -> None:
        """Add the messages of one transaction."""
        self.transactions.append(contents)
        self.grown.set()
        self.grown = asyncio.Event()


class MemoryLog(OutboxLog):
    """Reads a store under a name. Those of one name are one reader."""

    def __init__(self, store: MemoryLogStore, name: str = "memory") -> None:
        self.name = name
        self._store = store
        self._next = LogPosition(1, 1)

    def create(self) -> None:
        """Let the store remember how far the log was read, from now on; before the first message."""
        self._store.confirmed.setdefault(self.name, len(self._store.transactions))

    @override
    async def open(self) -> None:
        self.close()
        confirmed = self._confirmed()
        if self.name in self._store.readers:
            raise LogBusy(self.name)
        self._store.readers[self.name] = self
        self._next = LogPosition(confirmed + 1, 1)

    @override
    async def read(self, limit: int, patience: float) -> LogBatch:
        self._opened()
        if self._next.transaction > len(self._store.transactions):
            with suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await self._store.grown.wait()
        messages: list[LoggedMessage] = []
        transaction, message = self._next
        while transaction <= len(self._store.transactions) and len(messages) < limit:
            contents = self._store.transactions[transaction - 1]
            some = contents[message - 1 : message - 1 + limit - len(messages)]
            messages += [
                LoggedMessage(LogPosition(transaction, message + n), content) for n, content in enumerate(some)
            ]
            message += len(some)
            if message > len(contents):
                transaction, message = transaction + 1, 1
        self._next = LogPosition(transaction, message)
        return LogBatch(messages, transaction - 1)

    @override
    def confirm(self, end: int) -> None:
        self._opened()
        self._store.confirmed[self.name] = max(end, self._confirmed())

    @override
    def close(self) -> None:
        if self._store.readers.get(self.name) is self:
            del self._store.readers[self.name]

    @override
    async def lag(self) -> int:
        """Raises ``LogSlotLost`` also if no position is remembered."""
        return sum(len(content) for kept in self._store.transactions[self._confirmed() :] for content in kept)

    def _confirmed(self) -> int:
        if self.name not in self._store.confirmed:
            raise LogSlotLost(self.name)
        return self._store.confirmed[self.name]

    def _opened(self) -> None:
        if self._store.readers.get(self.name) is not self:
            raise ConnectionError("the log is not open")


class MemoryDiversion(Diversion):
    """Puts messages into ``store``, as if that was the table."""

    def __init__(self, store: MemoryOutbox) -> None:
        self._store = store
        self._settled: dict[str, LogPosition] = {}

    @override
    async def settled(self, log: str) -> LogPosition:
        return self._settled.get(log, LogPosition(0, 0))

    @override
    async def blocked(self, keys: Collection[str] | None = None) -> set[str]:
        unsent = {row.new.envelope.key for row in self._store.rows.values() if row.pending is not None}
        return {key for key in unsent if key is not None and (keys is None or key in keys)}

    @override
    async def divert(self, log: str, seen: LogPosition, until: LogPosition, messages: Sequence[Diverted]) -> bool:
        noted = self._settled.get(log, seen)
        if noted != seen:
            return noted == until
        self._settled[log] = until
        for message in messages:
            self._store.insert(message.row)
            if message.error is not None:
                self._store.rows[max(self._store.rows)].fail(message.error, None, self._store.now())
        return True
