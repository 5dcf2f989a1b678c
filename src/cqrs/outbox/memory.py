"""Step 4, an outbox in memory: the reference for the others, and the one for tests."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any

from cqrs.errors import UnitOfWorkStateError, WakeUpsUnsupported
from cqrs.leases.memory import MemoryLeaseStore
from cqrs.outbox.event import EventStatus
from cqrs.outbox.memory_queue import MemoryOutboxQueue, MemoryParkedMessages
from cqrs.outbox.queue import FOREVER
from cqrs.outbox.rows import NewRow, Settlement, TakenRow, scheduled_share
from cqrs.outbox.stored import LEASE, StoredOutbox
from cqrs.outbox.wakeups import Bell, LocalWakeUps, NoWakeUps
from cqrs.unit_of_work_memory import MemoryUnitOfWork

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cqrs.compressors.protocol import Compressor
    from cqrs.events.registry import EventRegistry
    from cqrs.outbox.wakeups import WakeUps
    from cqrs.serializers.protocol import Serializer


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

    @property
    def is_set_aside(self) -> bool:
        """Whether it waits behind a message of its key."""
        return self.pending == 0 and self.parked_at is None

    def end(self, status: EventStatus, now: dt.datetime) -> None:
        """It is not to be sent any more."""
        self.status, self.pending, self.held_until = status, None, None
        self.parked_at, self.settled_at = None, now

    def fail(self, error: str, retry_in: float | None, now: dt.datetime) -> None:
        """It is to be tried again later, or parked."""
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
        free = [
            row
            for row in self.rows.values()
            if row.pending == 1
            and (row.held_until is None or row.held_until <= now)
            and topic in {None, row.new.envelope.topic}
        ]
        waited = [(row.due_at, row.id, row) for row in free if row.due_at is not None and row.due_at <= now]
        first = [row for _, _, row in sorted(waited)[: scheduled_share(limit)]]
        return [*first, *(row for row in free if row.due_at is None)][:limit]


class MemoryOutboxedEventRepository(StoredOutbox):
    """Keeps messages until the process ends. Repositories over one ``store`` are one outbox."""

    def __init__(
        self,
        compressor: Compressor | None = None,
        *,
        store: MemoryOutbox | None = None,
        registry: EventRegistry | None = None,
        lease: dt.timedelta = LEASE,
        serializer: Serializer | None = None,
    ) -> None:
        super().__init__(compressor, registry, lease, serializer)
        self.store = store or MemoryOutbox()

    def _unit_of_work(self) -> MemoryUnitOfWork:
        return MemoryUnitOfWork()

    def _store(self, session: Any, row: NewRow) -> None:
        if not isinstance(session, MemoryUnitOfWork):
            raise UnitOfWorkStateError(
                f"An outbox in memory needs a MemoryUnitOfWork, and the one here has a {type(session).__qualname__}."
            )
        session.enlist(lambda: self.store.insert(row))

    def queue(self) -> MemoryOutboxQueue:
        """The outbox for a relay, as the port says."""
        return MemoryOutboxQueue(self.store)

    @property
    def parked(self) -> MemoryParkedMessages:
        """The parked messages, as the port says."""
        return MemoryParkedMessages(self.store)

    def wakeups(self, kind: str = "auto") -> WakeUps:
        """Wake-ups, as the port says."""
        if kind not in {"auto", "poll"}:
            raise WakeUpsUnsupported(type(self).__qualname__, kind)
        return NoWakeUps() if kind == "poll" else LocalWakeUps(self.store.bell)

    async def _take(self, limit: int, topic: str | None) -> list[TakenRow]:
        taken = self.store.due(topic, limit)
        for row in taken:
            row.fence += 1
            row.held_until = self.store.now() + self._lease
        return [
            TakenRow(
                id=row.id,
                envelope=row.new.envelope,
                compression=row.new.compression,
                status=row.status,
                attempts=row.attempts,
                fence=row.fence,
            )
            for row in taken
        ]

    async def _settle(self, settlements: Sequence[Settlement]) -> None:
        now = self.store.now()
        for said in settlements:
            row = self.store.rows.get(said.id)
            if row is None or row.pending != 1:
                continue
            free = row.held_until is None or row.held_until <= now
            if said.fence != row.fence and not (said.fence is None and free):
                continue
            row.status, row.held_until = said.status, None
            if said.status is EventStatus.PRODUCED:
                row.end(said.status, now)
            if said.error is not None:
                row.attempts, row.last_error = row.attempts + 1, said.error

    async def _commit_session(self, session: Any) -> None:
        """Nothing was opened here: the unit of work around it commits."""

    async def _rollback_session(self, session: Any) -> None:
        """As for the commit."""
