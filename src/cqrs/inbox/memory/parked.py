"""Step 6, what is parked in an inbox in memory."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from typing_extensions import override

from cqrs.errors.root import InvalidArgument
from cqrs.inbox.parked import ParkedMessage, ParkedMessages, sequence_of_key
from cqrs.outbox.arguments import row_ids

if TYPE_CHECKING:
    import datetime as dt
    import uuid
    from collections.abc import Sequence

    from cqrs.envelope import Envelope
    from cqrs.inbox.memory.repository import MemoryInbox


@dataclasses.dataclass(slots=True)
class ParkedRow:
    """A message that is parked."""

    id: int
    envelope: Envelope
    parked_at: dt.datetime


@dataclasses.dataclass(slots=True, eq=False)
class ParkedSequence:
    """All parked messages of one key; ``version`` changes with each change."""

    consumer: str
    id: uuid.UUID
    attempts: int
    error: str
    retry_at: dt.datetime | None
    version: int = 0
    rows: list[ParkedRow] = dataclasses.field(default_factory=list[ParkedRow])

    def forget(self, done: set[int], now: dt.datetime) -> None:
        """These are not parked any more, and the next one is due."""
        self.rows = [row for row in self.rows if row.id not in done]
        self.attempts, self.error, self.retry_at = 0, "", now


class MemoryParkedMessages(ParkedMessages):
    """The parked messages of ``store``."""

    def __init__(self, store: MemoryInbox) -> None:
        self._store = store

    @override
    async def list(self, consumer: str, limit: int = 100, after: int = 0) -> Sequence[ParkedMessage]:
        found = [
            ParkedMessage(
                id=sequence.rows[0].id,
                envelope=sequence.rows[0].envelope,
                attempts=sequence.attempts,
                error=sequence.error,
                parked_at=sequence.rows[0].parked_at,
                retry_at=sequence.retry_at,
                behind=len(sequence.rows) - 1,
            )
            for sequence in self._of(consumer)
            if sequence.rows[0].id > after
        ]
        return sorted(found, key=lambda message: message.id)[:limit]

    @override
    async def replay(self, consumer: str, *ids: int, key: str | None = None) -> int:
        row_ids("ids", ids)
        chosen = self._of(consumer) if not ids and key is None else self._chosen(consumer, ids, key)
        for sequence in chosen:
            sequence.attempts, sequence.retry_at = 0, self._store.now()
            sequence.version = next(self._store.versions)
        return len(chosen)

    @override
    async def drop(self, consumer: str, *ids: int, key: str | None = None) -> int:
        if not ids and key is None:
            raise InvalidArgument("ids", ids, "say what to drop, by ids or by key")
        row_ids("ids", ids)
        chosen = self._chosen(consumer, ids, key)
        for sequence in chosen:
            sequence.forget({sequence.rows[0].id}, self._store.now())
            sequence.version = next(self._store.versions)
            if not sequence.rows:
                del self._store.sequences[consumer, sequence.id]
        return len(chosen)

    def _of(self, consumer: str) -> Sequence[ParkedSequence]:
        return [sequence for (whose, _), sequence in self._store.sequences.items() if whose == consumer]

    def _chosen(self, consumer: str, ids: tuple[int, ...], key: str | None) -> Sequence[ParkedSequence]:
        wanted = None if key is None else sequence_of_key(key)
        return [s for s in self._of(consumer) if s.rows[0].id in ids or s.id == wanted]
