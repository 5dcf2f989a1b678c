"""What is parked in an inbox in tables, for operators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, func, select, update
from typing_extensions import override

from cqrs._sqlalchemy.clock import database_now
from cqrs._sqlalchemy.transactions import short_transaction
from cqrs.errors.root import InvalidArgument
from cqrs.inbox.parked import ParkedMessage, ParkedMessages, sequence_of_key, unpacked
from cqrs.inbox.sqlalchemy.parking import changed, shorten, the_sequence
from cqrs.outbox.arguments import row_ids

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable, Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

    from cqrs.inbox.sqlalchemy.tables import InboxTables


class SqlAlchemyParkedMessages(ParkedMessages):
    """The parked messages in ``tables``."""

    def __init__(self, sessions: Callable[[], AsyncSession], tables: InboxTables) -> None:
        self._sessions = sessions
        self._tables = tables

    @override
    async def list(self, consumer: str, limit: int = 100, after: int = 0) -> Sequence[ParkedMessage]:
        parked, sequences = self._tables.parked.c, self._tables.sequences.c
        heads = (
            select(func.min(parked.id).label("id"))
            .where(parked.consumer == consumer)
            .group_by(parked.sequence)
            .having(func.min(parked.id) > after)
            .order_by(func.min(parked.id))
            .limit(limit)
            .subquery()
        )
        query = (
            select(
                *(parked.id, parked.head, parked.body, parked.parked_at),
                *(sequences.attempts, sequences.last_error, sequences.retry_at, sequences.size),
            )
            .join(heads, heads.c.id == parked.id)
            .join(
                self._tables.sequences,
                and_(sequences.consumer == parked.consumer, sequences.sequence == parked.sequence),
            )
            .order_by(parked.id)
        )
        async with short_transaction(self._sessions) as session:
            rows = (await session.execute(query)).all()
        return [
            ParkedMessage(
                id=row.id,
                envelope=unpacked(row.head, row.body),
                attempts=row.attempts,
                error=row.last_error,
                parked_at=row.parked_at,
                retry_at=row.retry_at,
                behind=row.size - 1,
            )
            for row in rows
        ]

    @override
    async def replay(self, consumer: str, *ids: int, key: str | None = None) -> int:
        row_ids("ids", ids)
        values = {"attempts": 0, "retry_at": database_now()}
        table = self._tables.sequences
        if not ids and key is None:
            async with short_transaction(self._sessions) as session:
                return await changed(session, update(table).where(table.c.consumer == consumer).values(values))
        replayed = 0
        for sequence, first in await self._chosen(consumer, ids, key):
            async with short_transaction(self._sessions) as session:
                if await self._lock(session, consumer, sequence, first):
                    this = the_sequence(self._tables, consumer, sequence)
                    replayed += await changed(session, update(table).where(this).values(values))
        return replayed

    @override
    async def drop(self, consumer: str, *ids: int, key: str | None = None) -> int:
        if not ids and key is None:
            raise InvalidArgument("ids", ids, "say what to drop, by ids or by key")
        row_ids("ids", ids)
        dropped = 0
        for sequence, first in await self._chosen(consumer, ids, key):
            async with short_transaction(self._sessions) as session:
                if await self._lock(session, consumer, sequence, first):
                    await shorten(session, self._tables, consumer, sequence, [first])
                    dropped += 1
        return dropped

    async def _chosen(self, consumer: str, ids: tuple[int, ...], key: str | None) -> Sequence[tuple[uuid.UUID, int]]:
        """The sequences that are meant, each with the id that should be its first."""
        parked = self._tables.parked.c
        async with short_transaction(self._sessions) as session:
            named = select(parked.sequence, parked.id).where(parked.consumer == consumer, parked.id.in_(ids))
            chosen = {row.sequence: row.id for row in await session.execute(named)} if ids else {}
            if key is not None:
                sequence = sequence_of_key(key)
                first = await self._first(session, consumer, sequence)
                chosen |= {} if first is None else {sequence: first}
        return sorted(chosen.items())

    async def _lock(self, session: AsyncSession, consumer: str, sequence: uuid.UUID, first: int) -> bool:
        """Lock the sequence, and return whether ``first`` is its first message then."""
        this = the_sequence(self._tables, consumer, sequence)
        await session.execute(select(self._tables.sequences.c.size).where(this).with_for_update())
        return await self._first(session, consumer, sequence) == first

    async def _first(self, session: AsyncSession, consumer: str, sequence: uuid.UUID) -> int | None:
        parked = self._tables.parked.c
        query = select(func.min(parked.id)).where(parked.consumer == consumer, parked.sequence == sequence)
        first: int | None = await session.scalar(query)
        return first
