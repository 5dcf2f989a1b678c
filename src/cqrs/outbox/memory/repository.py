"""Step 4, an outbox in memory: the reference for the others, and the one for tests."""

from __future__ import annotations

import asyncio
import datetime as dt  # noqa: TC003  # containers read the annotations of the constructor
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from cqrs.errors.messages import WakeUpsUnsupported
from cqrs.errors.transactions import UnitOfWorkStateError
from cqrs.outbox.event import EventStatus
from cqrs.outbox.memory.queue import MemoryOutboxQueue, MemoryParkedMessages
from cqrs.outbox.memory.store import MemoryInsert, MemoryOutbox
from cqrs.outbox.peeked import MessageState
from cqrs.outbox.rows import NewRow, Settlement, TakenRow
from cqrs.outbox.stored import LEASE, StoredOutbox
from cqrs.unit_of_work.memory import MemoryUnitOfWork
from cqrs.wakeups.local import LocalWakeUps
from cqrs.wakeups.protocol import NoWakeUps

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from cqrs.compressors.protocol import Compressor
    from cqrs.events.registry import EventRegistry
    from cqrs.outbox.peeked import Look, PeekedMessage
    from cqrs.serializers.protocol import Serializer
    from cqrs.wakeups.protocol import WakeUps

_MOMENT = 0.001  # seconds between two looks at a transaction of another task


class MemoryOutboxedEventRepository(StoredOutbox):
    """Keeps messages until the process ends. Repositories over one ``store`` are one outbox."""

    def __init__(  # noqa: PLR0913  # what other outboxes take, too
        self,
        compressor: Compressor | None = None,
        *,
        store: MemoryOutbox | None = None,
        registry: EventRegistry | None = None,
        lease: dt.timedelta = LEASE,
        serializer: Serializer | None = None,
        place: object = None,
    ) -> None:
        super().__init__(compressor, registry, lease, serializer)
        self.store = store or MemoryOutbox()
        self._place = place

    @property
    def place(self) -> object:
        """Which units of work it becomes part of; ``None`` for any."""
        return self._place

    @property
    def database(self) -> str:
        """That place for people."""
        return "a database in memory"

    def _unit_of_work(self) -> MemoryUnitOfWork:
        return MemoryUnitOfWork(self._place)

    def _store(self, session: Any, row: NewRow) -> None:
        if not isinstance(session, MemoryUnitOfWork):
            raise UnitOfWorkStateError(
                f"An outbox in memory needs a MemoryUnitOfWork, and the one here has a {type(session).__qualname__}."
            )
        session.enlist(MemoryInsert(self.store, row))

    async def _cancel(self, session: Any, ids: Sequence[uuid.UUID]) -> bool:
        own = [w for w in session.enlisted if isinstance(w, MemoryInsert) and w.adds(self.store, ids)]
        rows = [row for row in self.store.rows.values() if row.new.envelope.message_id in ids]
        while any(row.is_being_cancelled and row.cancelled_in is not session for row in rows):  # noqa: ASYNC110
            await asyncio.sleep(_MOMENT)  # the end of a transaction wakes no task
        now = self.store.now()
        waiting = [
            row
            for row in rows
            if row.id in self.store.rows and row.can_go(now) and row.due_at is not None and row.due_at > now
        ]
        for row in waiting:
            row.cancelled_in = session
        if own or waiting:
            session.enlist(lambda: self.store.remove(ids))
        return bool(own or waiting)

    @override
    def queue(self) -> MemoryOutboxQueue:
        return MemoryOutboxQueue(self.store)

    @property
    @override
    def parked(self) -> MemoryParkedMessages:
        return MemoryParkedMessages(self.store)

    @override
    def wakeups(self, kind: str = "auto") -> WakeUps:
        if kind not in {"auto", "poll"}:
            raise WakeUpsUnsupported(type(self).__qualname__, kind)
        return NoWakeUps() if kind == "poll" else LocalWakeUps(self.store.bell)

    async def _peek(self, look: Look) -> list[tuple[PeekedMessage, str | None]]:
        found: list[tuple[PeekedMessage, str | None]] = []
        for row in self.store.rows.values():
            state, envelope = self.store.state(row), row.new.envelope
            ended = state in {MessageState.SENT, MessageState.DROPPED}
            wanted = not ended if look.state is None else state is look.state
            of_these = look.topic in {None, envelope.topic} and look.key in {None, envelope.key}
            if wanted and of_these and row.id > look.after and len(found) < look.limit:
                found.append((row.shown(state), row.new.compression))
        return found

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
        for settlement in settlements:
            row = self.store.rows.get(settlement.id)
            if row is None or row.pending != 1:
                continue
            free = row.held_until is None or row.held_until <= now
            if settlement.fence != row.fence and not (settlement.fence is None and free):
                continue
            row.status, row.held_until = settlement.status, None
            if settlement.status is EventStatus.PRODUCED:
                row.end(settlement.status, now)
            if settlement.error is not None:
                row.attempts, row.last_error = row.attempts + 1, settlement.error
            self.store.release(row.new.envelope.key)

    async def _commit_session(self, session: Any) -> None:
        """Nothing was opened here: the unit of work around it commits."""

    async def _rollback_session(self, session: Any) -> None:
        """As for the commit."""
