"""Messages of the log that are put into the table of an outbox, together with the position in the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, select
from sqlalchemy.dialects.postgresql import insert
from typing_extensions import override

from cqrs._failpoints import reached
from cqrs._sqlalchemy.clock import database_now
from cqrs._sqlalchemy.transactions import short_transaction
from cqrs.outbox.event import EventStatus
from cqrs.outbox.log.protocol import Diversion, LogPosition
from cqrs.outbox.log.tables import positions
from cqrs.outbox.queue import FOREVER
from cqrs.outbox.sqlalchemy.adding import stored_values

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

    from cqrs.outbox.log.protocol import Diverted


class SqlAlchemyDiversion(Diversion):
    """The table of ``model``, and ``cqrs_log_positions`` beside it."""

    def __init__(self, sessions: Callable[[], AsyncSession], model: Any) -> None:
        self._sessions = sessions
        self._model = model

    @override
    async def settled(self, log: str) -> LogPosition:
        async with short_transaction(self._sessions) as session:
            return await self._noted(session, log)

    @override
    async def blocked(self, keys: Collection[str] | None = None) -> set[str]:
        model = self._model
        query = select(model.message_key).where(model.message_key.is_not(None), model.pending.in_([0, 1])).distinct()
        if keys is not None:
            query = query.where(model.message_key.in_(list(keys)))
        async with short_transaction(self._sessions) as session:
            return set(await session.scalars(query))

    @override
    async def divert(self, log: str, seen: LogPosition, until: LogPosition, messages: Sequence[Diverted]) -> bool:
        note = insert(positions).values(name=log, transaction=until.transaction, message=until.message)
        unchanged = and_(positions.c.transaction == seen.transaction, positions.c.message == seen.message)
        note = note.on_conflict_do_update(index_elements=[positions.c.name], set_=until._asdict(), where=unchanged)
        async with short_transaction(self._sessions) as session:
            done: Any = await session.execute(note)
            if done.rowcount != 1:
                return await self._noted(session, log) == until
            reached("outbox.diverting")
            for message in messages:
                row = self._model(**stored_values(message.row))
                if message.error is not None:
                    row.status, row.pending, row.lease_until = EventStatus.PARKED, 0, FOREVER
                    row.parked_at, row.attempts, row.last_error = database_now(), 1, message.error
                session.add(row)
                await session.flush()  # their order is that of their ids
        return True

    @staticmethod
    async def _noted(session: AsyncSession, log: str) -> LogPosition:
        found = await session.execute(
            select(positions.c.transaction, positions.c.message).where(positions.c.name == log)
        )
        row = found.one_or_none()
        return LogPosition(0, 0) if row is None else LogPosition(*row)
