"""What is parked in an outbox in a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, delete, func, select, update
from sqlalchemy.orm import aliased
from typing_extensions import override

from cqrs._sqlalchemy.transactions import short_transaction
from cqrs.leases.sqlalchemy.tables import leases
from cqrs.outbox.arguments import row_ids, some_row_ids
from cqrs.outbox.event import EventStatus
from cqrs.outbox.parked import ParkedMessage, ParkedMessages
from cqrs.outbox.sqlalchemy import statements
from cqrs.outbox.sqlalchemy.queue import release

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy.ext.asyncio import AsyncSession


class SqlAlchemyParkedMessages(ParkedMessages):
    """The parked rows of ``model``."""

    def __init__(self, sessions: Callable[[], AsyncSession], model: Any, *, keep_produced: bool) -> None:
        self._sessions = sessions
        self._model = model
        self._keep = keep_produced

    @override
    async def list(self, limit: int = 100, after: int = 0) -> Sequence[ParkedMessage]:
        model, other = self._model, aliased(self._model)
        behind = (
            select(func.count())
            .where(statements.followers(other, model.message_key), other.due_at.is_(None))
            .scalar_subquery()
        )
        query = (
            select(
                *statements.columns(model),
                model.last_error,
                model.parked_at,
                behind.label("behind"),
            )
            .where(self._parked(), model.id > after)
            .order_by(model.id)
            .limit(limit)
        )
        async with short_transaction(self._sessions) as session:
            rows = (await session.execute(query)).all()
        return [
            ParkedMessage(
                id=row.id,
                envelope=statements.envelope_of(row),
                attempts=row.attempts,
                error=row.last_error or "",
                parked_at=row.parked_at,
                behind=0 if row.scheduled else row.behind,
            )
            for row in rows
        ]

    @override
    async def replay(self, *ids: int) -> int:
        values = {
            "status": EventStatus.NOT_PRODUCED,
            "pending": 1,
            "attempts": 0,
            "parked_at": None,
            "lease_until": None,
        }
        return await self._each(row_ids("ids", ids), lambda: update(self._model).values(values))

    @override
    async def drop(self, *ids: int) -> int:
        values = {**statements.ended(EventStatus.DROPPED), "parked_at": None}
        ids = some_row_ids("ids", ids)
        return await self._each(ids, lambda: update(self._model).values(values) if self._keep else delete(self._model))

    async def _each(self, ids: tuple[int, ...], change: Callable[[], Any]) -> int:
        """Change parked messages, a transaction for each, and release what was behind it."""
        return sum([await self._one(id_, change()) for id_ in ids or await self._all()])

    async def _one(self, id_: int, change: Any) -> int:
        model = self._model
        async with short_transaction(self._sessions) as session:
            found = await session.execute(select(model.message_key, model.partition_no).where(model.id == id_))
            row = found.one_or_none()
            if row is None:
                return 0
            key: str | None = row.message_key
            # A relay that is about to set more aside does so before this, or sees that nothing is parked any more.
            lease = and_(leases.c.scope == statements.scope_of(model), leases.c.share == row.partition_no)
            await session.execute(select(leases.c.fence).where(lease).with_for_update())
            done: Any = await session.execute(
                statements.without_session_sync(change.where(self._parked(), model.id == id_))
            )
            count = int(done.rowcount)
            released = await release(session, model, key) if count and key is not None else 0
        while key is not None and released == statements.CHUNK:
            async with short_transaction(self._sessions) as session:
                released = await release(session, model, key)
        return count

    async def _all(self) -> Sequence[int]:
        async with short_transaction(self._sessions) as session:
            found = await session.execute(select(self._model.id).where(self._parked()).order_by(self._model.id))
            return found.scalars().all()

    def _parked(self) -> Any:
        return and_(statements.pending(self._model, 0), self._model.parked_at.is_not(None))
