"""Step 4, an outbox in memory: the reference for the others, and the one for tests."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any

from cqrs.errors import UnitOfWorkStateError, WakeUpsUnsupported
from cqrs.outbox.event import EventStatus
from cqrs.outbox.rows import NewRow, Settlement, TakenRow, scheduled_share
from cqrs.outbox.stored import LEASE, StoredOutbox
from cqrs.outbox.wakeups import Bell, LocalWakeUps, NoWakeUps
from cqrs.unit_of_work_memory import MemoryUnitOfWork

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cqrs.compressors.protocol import Compressor
    from cqrs.events.registry import EventRegistry
    from cqrs.outbox.wakeups import WakeUps


@dataclasses.dataclass(slots=True)
class _Row:
    id: int
    new: NewRow
    due_at: dt.datetime | None
    status: EventStatus = EventStatus.NEW
    attempts: int = 0
    last_error: str | None = None
    fence: int = 0
    held_until: dt.datetime | None = None


class MemoryOutbox:
    """The rows that memory outboxes share, and the clock that counts for them."""

    def __init__(self, clock: Callable[[], dt.datetime] | None = None) -> None:
        self.now = clock or (lambda: dt.datetime.now(dt.UTC))
        self.bell = Bell()
        self.rows: dict[int, _Row] = {}

    def insert(self, new: NewRow) -> None:
        """Make ``new`` visible to all."""
        due_at = new.due_at if new.delay is None else self.now() + dt.timedelta(seconds=new.delay)
        row = _Row(len(self.rows) + 1, new, due_at)
        self.rows[row.id] = row
        self.bell.ring()

    def due(self, topic: str | None, limit: int) -> list[_Row]:
        """What can be taken now: up to a half that had to wait, then the others in the order of adding."""
        now = self.now()
        free = [
            row
            for row in self.rows.values()
            if row.status is not EventStatus.PRODUCED
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
    ) -> None:
        super().__init__(compressor, registry, lease)
        self.store = store or MemoryOutbox()

    def _unit_of_work(self) -> MemoryUnitOfWork:
        return MemoryUnitOfWork()

    def _store(self, session: Any, row: NewRow) -> None:
        if not isinstance(session, MemoryUnitOfWork):
            raise UnitOfWorkStateError(
                f"An outbox in memory needs a MemoryUnitOfWork, and the one here has a {type(session).__qualname__}."
            )
        session.enlist(lambda: self.store.insert(row))

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
            if row is None or row.status is EventStatus.PRODUCED:
                continue
            free = row.held_until is None or row.held_until <= now
            if said.fence != row.fence and not (said.fence is None and free):
                continue
            row.status, row.held_until = said.status, None
            if said.error is not None:
                row.attempts, row.last_error = row.attempts + 1, said.error

    async def _commit_session(self, session: Any) -> None:
        """Nothing was opened here: the unit of work around it commits."""

    async def _rollback_session(self, session: Any) -> None:
        """As for the commit."""
