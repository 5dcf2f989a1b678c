"""What outboxes in memory share: the rows, and the clock that counts for them."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING

from cqrs.leases.memory import MemoryLeaseStore
from cqrs.outbox.event import EventStatus
from cqrs.outbox.peeked import MessageState, PeekedMessage
from cqrs.outbox.queue import FOREVER
from cqrs.outbox.rows import NewRow, scheduled_share
from cqrs.wakeups.local import Bell

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable, Sequence

    from cqrs.unit_of_work.protocol import UnitOfWork


@dataclasses.dataclass(slots=True)
class MemoryRow:
    """A stored message; its fields mean what the columns of a table mean."""

    id: int
    new: NewRow
    due_at: dt.datetime | None
    created_at: dt.datetime
    status: EventStatus = EventStatus.NEW
    pending: int | None = 1
    attempts: int = 0
    last_error: str | None = None
    fence: int = 0
    held_until: dt.datetime | None = None
    parked_at: dt.datetime | None = None
    settled_at: dt.datetime | None = None
    cancelled_in: UnitOfWork | None = None

    @property
    def is_being_cancelled(self) -> bool:
        """Whether a transaction that is still open has cancelled it."""
        return self.cancelled_in is not None and self.cancelled_in.is_open

    @property
    def is_set_aside(self) -> bool:
        """Whether it waits behind a message of its key."""
        return self.pending == 0 and self.parked_at is None

    def shown(self, state: MessageState) -> PeekedMessage:
        """The message as ``peek`` returns it."""
        return PeekedMessage(
            id=self.id,
            envelope=self.new.envelope,
            state=state,
            attempts=self.attempts,
            error=self.last_error or "",
            added_at=self.created_at,
            due_at=self.due_at,
            held_until=self.held_until if state is MessageState.HELD else None,
        )

    def can_go(self, now: dt.datetime) -> bool:
        """Whether it is to be sent and not held; its due time may still be to come."""
        return self.pending == 1 and (self.held_until is None or self.held_until <= now) and not self.is_being_cancelled

    def end(self, status: EventStatus, now: dt.datetime) -> None:
        """Record the status with which the message has ended: it is not sent any more."""
        self.status, self.pending, self.held_until = status, None, None
        self.parked_at, self.settled_at = None, now

    def fail(self, error: str, retry_in: float | None, now: dt.datetime) -> None:
        """Record a failed attempt: the message is tried again after ``retry_in`` seconds, or parked for ``None``."""
        self.attempts, self.last_error = self.attempts + 1, error
        if retry_in is None:
            self.status, self.pending, self.parked_at, self.held_until = EventStatus.PARKED, 0, now, FOREVER
        else:
            self.status, self.held_until = EventStatus.NOT_PRODUCED, now + dt.timedelta(seconds=retry_in)


class MemoryOutbox:
    """The rows that memory outboxes share, and the clock that counts for them."""

    def __init__(self, clock: Callable[[], dt.datetime] | None = None) -> None:
        self.now = clock or (lambda: dt.datetime.now(dt.UTC))
        self.bell = Bell()
        self.rows: dict[int, MemoryRow] = {}
        self.leases = MemoryLeaseStore(lambda: self.now().timestamp())
        self._count = 0

    def insert(self, new: NewRow) -> None:
        """Make ``new`` visible to all."""
        due_at = new.due_at if new.delay is None else self.now() + dt.timedelta(seconds=new.delay)
        self._count += 1
        self.rows[self._count] = MemoryRow(self._count, new, due_at, self.now())
        self.bell.ring()

    def remove(self, message_ids: Sequence[uuid.UUID]) -> None:
        """Forget the scheduled messages with these ids."""
        for row in list(self.rows.values()):
            if row.new.envelope.message_id in message_ids and row.due_at is not None and row.pending == 1:
                del self.rows[row.id]

    def is_blocked(self, row: MemoryRow, at: dt.datetime | None = None) -> bool:
        """Whether an earlier message of its key is not sent now, or ``at`` the time at which it was looked for."""
        key, now = row.new.envelope.key, at or self.now()
        if key is None or row.due_at is not None:
            return False
        return any(
            other.new.envelope.key == key
            and other.id < row.id
            and other.due_at is None
            and other.held_until is not None
            and other.held_until > now
            for other in self.rows.values()
        )

    def state(self, row: MemoryRow) -> MessageState:
        """What ``row`` waits for."""
        now = self.now()
        if row.pending is None:
            return MessageState.DROPPED if row.status is EventStatus.DROPPED else MessageState.SENT
        if row.parked_at is not None:
            return MessageState.PARKED
        if row.pending == 0:
            return MessageState.BEHIND
        if row.held_until is not None and row.held_until > now:
            return MessageState.HELD
        if row.due_at is not None and row.due_at > now:
            return MessageState.SCHEDULED
        return MessageState.BEHIND if self.is_blocked(row) else MessageState.WAITING

    def followers(self, key: str | None) -> list[MemoryRow]:
        """What is set aside for ``key``."""
        rows = self.rows.values()
        return [row for row in rows if key is not None and row.new.envelope.key == key and row.is_set_aside]

    def release(self, key: str | None) -> int:
        """Let what is set aside for ``key`` be sent, unless something parked is before it."""
        rows = self.rows.values()
        if any(r.parked_at is not None and r.due_at is None and r.new.envelope.key == key for r in rows):
            return 0
        released = self.followers(key)
        for row in released:
            row.pending, row.held_until = 1, None
        return len(released)

    def due(self, topic: str | None, limit: int) -> list[MemoryRow]:
        """What can be taken now: up to a half that had to wait, then the others in the order of adding."""
        now = self.now()
        free = [row for row in self.rows.values() if row.can_go(now) and topic in {None, row.new.envelope.topic}]
        waited = [(row.due_at, row.id, row) for row in free if row.due_at is not None and row.due_at <= now]
        first = [row for _, _, row in sorted(waited)[: scheduled_share(limit)]]
        return [*first, *(row for row in free if row.due_at is None)][:limit]


@dataclasses.dataclass(frozen=True, slots=True)
class MemoryInsert:
    """What a transaction does at its commit for a message that was added."""

    store: MemoryOutbox
    row: NewRow

    def __call__(self) -> None:
        """Do it."""
        self.store.insert(self.row)

    def adds(self, store: MemoryOutbox, message_ids: Sequence[uuid.UUID]) -> bool:
        """Whether it is of a message with one of these ids that has to wait for its time."""
        is_scheduled = self.row.delay is not None or self.row.due_at is not None
        return self.store is store and is_scheduled and self.row.envelope.message_id in message_ids
