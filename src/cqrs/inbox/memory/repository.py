"""Step 6, an inbox in memory: the reference for the others, and the one for tests."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
from functools import partial
from typing import TYPE_CHECKING

from typing_extensions import override

from cqrs._text import storable
from cqrs.errors.messages import InboxConflict
from cqrs.errors.transactions import UnitOfWorkStateError
from cqrs.inbox.memory.parked import MemoryParkedMessages, ParkedRow, ParkedSequence
from cqrs.inbox.parked import TakenSequence, first_copies, sequence_of
from cqrs.inbox.repository import InboxRepository
from cqrs.unit_of_work.memory import MemoryUnitOfWork
from cqrs.unit_of_work.stack import unit_for

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable, Sequence

    from cqrs.envelope import Envelope


class MemoryInbox:
    """What memory inboxes share, and the clock that counts for them."""

    def __init__(self, clock: Callable[[], dt.datetime] | None = None) -> None:
        self.now = clock or (lambda: dt.datetime.now(dt.UTC))
        self.marks: dict[str, dict[uuid.UUID, dt.datetime]] = {}
        self.sequences: dict[tuple[str, uuid.UUID], ParkedSequence] = {}
        self.ids = itertools.count(1)
        self.versions = itertools.count(1)

    def due(self, retry_in: float | None) -> dt.datetime | None:
        """When something is due in so many seconds."""
        return None if retry_in is None else self.now() + dt.timedelta(seconds=retry_in)


class MemoryInboxRepository(InboxRepository):
    """Remembers until the process ends. Repositories over one ``store`` are one inbox; it needs a MemoryUnitOfWork.

    Who is too late learns it at the commit, by ``InboxConflict``.
    """

    def __init__(self, *, store: MemoryInbox | None = None, place: object = None) -> None:
        self.store = store or MemoryInbox()
        self._place = place

    @property
    def place(self) -> object:
        """Which units of work it becomes part of; ``None`` for any."""
        return self._place

    @property
    def database(self) -> str:
        """That place for people."""
        return "a database in memory"

    @override
    async def accept(self, consumer: str, envelopes: Sequence[Envelope]) -> list[Envelope]:
        unit, store = self._unit(), self.store
        known = {*store.marks.get(consumer, ()), *_marked(unit, consumer)}
        fresh = [envelope for envelope in first_copies(envelopes) if envelope.message_id not in known]
        mark = _Mark(store, consumer, frozenset(e.message_id for e in fresh))
        unit.enlist(mark, check=mark.check)
        now: list[Envelope] = []
        for envelope in fresh:
            sequence = store.sequences.get((consumer, sequence_of(envelope)))
            if sequence is None:
                now.append(envelope)
            else:
                unit.enlist(partial(self._append, sequence, envelope), check=self._unchanged(sequence))
        return now

    @override
    async def park(self, consumer: str, envelope: Envelope, error: BaseException, retry_in: float | None) -> None:
        for accepted in await self.accept(consumer, [envelope]):
            self._unit().enlist(partial(self._park, consumer, accepted, storable(error), retry_in))

    @override
    async def take(self, consumer: str, limit: int = 100) -> TakenSequence | None:
        unit, now = self._unit(), self.store.now()
        due = [
            (sequence.retry_at, sequence.id, sequence)
            for (whose, _), sequence in self.store.sequences.items()
            if whose == consumer and sequence.retry_at is not None and sequence.retry_at <= now
        ]
        if not due:
            return None
        sequence = min(due)[2]
        unit.enlist(lambda: None, check=self._unchanged(sequence))
        messages = tuple((row.id, row.envelope) for row in sequence.rows[:limit])
        return TakenSequence(consumer, sequence.id, sequence.attempts, messages, sequence.version)

    @override
    async def settle(self, taken: TakenSequence, count: int) -> None:
        sequence = self._sequence(taken)
        if sequence is None:
            raise InboxConflict(taken.consumer)
        done = {id_ for id_, _ in taken.messages[:count]}
        self._unit().enlist(partial(self._remove, taken.consumer, sequence, done), check=self._unchanged(sequence))

    @override
    async def postpone(self, taken: TakenSequence, error: BaseException, retry_in: float | None) -> None:
        sequence = self._sequence(taken)
        if sequence is not None and sequence.rows[0].id == taken.messages[0][0]:
            self._unit().enlist(
                partial(self._postpone, sequence, storable(error), retry_in), check=self._unchanged(sequence)
            )

    @override
    async def clean(self, consumer: str, older_than: dt.timedelta, limit: int = 1000) -> int:
        marks, cutoff = self.store.marks.get(consumer, {}), self.store.now() - older_than
        parked = {row.envelope.message_id for s in self.store.sequences.values() for row in s.rows}
        old = [id_ for id_, at in marks.items() if at < cutoff and id_ not in parked][:limit]
        for id_ in old:
            del marks[id_]
        return len(old)

    @property
    @override
    def parked(self) -> MemoryParkedMessages:
        return MemoryParkedMessages(self.store)

    def _sequence(self, taken: TakenSequence) -> ParkedSequence | None:
        sequence = self.store.sequences.get((taken.consumer, taken.sequence))
        return sequence if sequence is not None and sequence.attempts == taken.attempts else None

    def _unchanged(self, sequence: ParkedSequence) -> Callable[[], None]:
        version = sequence.version

        def check() -> None:
            if sequence.version != version:
                raise InboxConflict(sequence.consumer)

        return check

    def _append(self, sequence: ParkedSequence, envelope: Envelope) -> None:
        sequence.rows.append(ParkedRow(next(self.store.ids), envelope, self.store.now()))
        sequence.version = next(self.store.versions)

    def _park(self, consumer: str, envelope: Envelope, error: str, retry_in: float | None) -> None:
        key = (consumer, sequence_of(envelope))
        if key not in self.store.sequences:
            self.store.sequences[key] = ParkedSequence(*key, attempts=1, error=error, retry_at=self.store.due(retry_in))
        self._append(self.store.sequences[key], envelope)

    def _remove(self, consumer: str, sequence: ParkedSequence, done: set[int]) -> None:
        sequence.forget(done, self.store.now())
        sequence.version = next(self.store.versions)
        if not sequence.rows:
            del self.store.sequences[consumer, sequence.id]

    def _postpone(self, sequence: ParkedSequence, error: str, retry_in: float | None) -> None:
        sequence.attempts += 1
        sequence.error, sequence.retry_at = error, self.store.due(retry_in)
        sequence.version = next(self.store.versions)

    def _unit(self) -> MemoryUnitOfWork:
        unit = unit_for(self, "This inbox")
        if not isinstance(unit, MemoryUnitOfWork):
            raise UnitOfWorkStateError("An inbox in memory works within a MemoryUnitOfWork: open one around this call.")
        return unit


@dataclasses.dataclass(frozen=True)
class _Mark:
    """Marks that are written with their unit of work."""

    store: MemoryInbox
    consumer: str
    ids: frozenset[uuid.UUID]

    def check(self) -> None:
        if not self.ids.isdisjoint(self.store.marks.get(self.consumer, ())):
            raise InboxConflict(self.consumer)

    def __call__(self) -> None:
        marks = self.store.marks.setdefault(self.consumer, {})
        marks.update(dict.fromkeys(self.ids, self.store.now()))


def _marked(unit: MemoryUnitOfWork, consumer: str) -> set[uuid.UUID]:
    found = (write for write in unit.enlisted if isinstance(write, _Mark) and write.consumer == consumer)
    return {id_ for mark in found for id_ in mark.ids}
