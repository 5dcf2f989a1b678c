"""Step 5, an outbox in memory as a relay and an operator see it: the reference for the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typing_extensions import override

from cqrs.outbox.arguments import row_ids, some_row_ids
from cqrs.outbox.event import EventStatus
from cqrs.outbox.parked import ParkedMessage, ParkedMessages
from cqrs.outbox.queue import FOREVER, OutboxQueue, QueuedMessage
from cqrs.outbox.rows import scheduled_share

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from cqrs.leases.memory import MemoryLeaseStore
    from cqrs.outbox.memory.store import MemoryOutbox, MemoryRow
    from cqrs.outbox.queue import Outcome


class MemoryOutboxQueue(OutboxQueue):
    """The rows of ``store``."""

    scope = "outbox"

    def __init__(self, store: MemoryOutbox, *, keep_produced: bool = True) -> None:
        self._store = store
        self._keep = keep_produced

    @property
    def leases(self) -> MemoryLeaseStore:
        """The leases of the store."""
        return self._store.leases

    @override
    async def take(self, partitions: Sequence[int], limit: int) -> Sequence[QueuedMessage]:
        now = self._store.now()
        found: list[MemoryRow] = []
        for partition in partitions:
            mine = [r for r in self._store.rows.values() if r.new.partition == partition and r.can_go(now)]
            waited = sorted((r.due_at, r.id, r) for r in mine if r.due_at is not None and r.due_at <= now)
            found += [row for _, _, row in waited[: scheduled_share(limit)]]
            found += [row for row in mine if row.due_at is None][:limit]
        return [
            QueuedMessage(
                id=row.id,
                partition=row.new.partition,
                envelope=row.new.envelope,
                compression=row.new.compression,
                attempts=row.attempts,
                scheduled=row.due_at is not None,
                blocked=self._store.is_blocked(row, now),  # else its hold can end just now, and this one overtakes
                was_held=row.held_until is not None,
            )
            for row in found[:limit]
        ]

    @override
    async def settle(self, fences: Mapping[int, int], outcome: Outcome) -> int:
        mine = self._store.leases.is_held(self.scope, fences)
        rows = self._store.rows
        count = 0
        for message in outcome.sent:
            row = rows.get(message.id)
            if row is None or row.pending != 1 or message.partition not in mine:
                continue
            count += 1
            if self._keep:
                row.end(EventStatus.PRODUCED, self._store.now())
            else:
                del rows[row.id]
            if message.may_block:
                self._store.release(message.envelope.key)
        for failure in outcome.failed:
            row = rows.get(failure.message.id)
            if row is not None and row.pending == 1 and failure.message.partition in mine:
                count += 1
                row.fail(failure.error, failure.retry_in, self._store.now())
        for message in outcome.blocked:
            row = rows.get(message.id)
            if row is not None and row.pending == 1 and message.partition in mine and self._store.is_blocked(row):
                count += 1
                row.pending, row.held_until = 0, FOREVER
        return count

    @override
    async def release(self) -> int:
        held = [row for row in self._store.rows.values() if row.held_until is not None and row.due_at is None]
        keys = {row.new.envelope.key for row in held if row.is_set_aside}
        headed = {row.new.envelope.key for row in held if not row.is_set_aside}
        return sum(self._store.release(key) for key in keys - headed)

    @override
    async def clean(self, older_than: dt.timedelta, limit: int = 5_000) -> int:
        until = self._store.now() - older_than
        old = [r.id for r in self._store.rows.values() if r.settled_at is not None and r.settled_at <= until]
        for id_ in old[:limit]:
            del self._store.rows[id_]
        return len(old[:limit])

    @override
    async def oldest(self) -> dt.timedelta | None:
        now = self._store.now()
        waiting = [r for r in self._store.rows.values() if r.due_at is None and r.can_go(now)]
        return now - waiting[0].created_at if waiting else None


class MemoryParkedMessages(ParkedMessages):
    """The parked rows of ``store``."""

    def __init__(self, store: MemoryOutbox, *, keep_produced: bool = True) -> None:
        self._store = store
        self._keep = keep_produced

    @override
    async def list(self, limit: int = 100, after: int = 0) -> Sequence[ParkedMessage]:
        return [
            ParkedMessage(
                id=row.id,
                envelope=row.new.envelope,
                attempts=row.attempts,
                error=row.last_error or "",
                parked_at=row.parked_at,
                behind=0 if row.due_at is not None else len(self._store.followers(row.new.envelope.key)),
            )
            for row in self._store.rows.values()
            if row.parked_at is not None and row.id > after
        ][:limit]

    @override
    async def replay(self, *ids: int) -> int:
        parked = self._parked(row_ids("ids", ids))
        for row in parked:
            row.pending, row.held_until, row.parked_at, row.attempts = 1, None, None, 0
            row.status = EventStatus.NOT_PRODUCED
            self._store.release(row.new.envelope.key)
        return len(parked)

    @override
    async def drop(self, *ids: int) -> int:
        parked = self._parked(some_row_ids("ids", ids))
        for row in parked:
            if self._keep:
                row.end(EventStatus.DROPPED, self._store.now())
            else:
                del self._store.rows[row.id]
            self._store.release(row.new.envelope.key)
        return len(parked)

    def _parked(self, ids: tuple[int, ...]) -> Sequence[MemoryRow]:
        rows = self._store.rows.values()
        return [row for row in rows if row.parked_at is not None and (not ids or row.id in ids)]
