"""Step 6, an inbox in tables of SQLite, PostgreSQL or MariaDB."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from typing_extensions import override

from cqrs._arguments import check_text
from cqrs._sqlalchemy.transactions import short_transaction
from cqrs._text import storable
from cqrs.errors.messages import InboxConflict
from cqrs.errors.transactions import UnitOfWorkStateError
from cqrs.inbox.parked import first_copies, sequence_of
from cqrs.inbox.repository import InboxRepository
from cqrs.inbox.sqlalchemy import parking
from cqrs.inbox.sqlalchemy.marks import forget, mark, parked_among
from cqrs.inbox.sqlalchemy.parked import SqlAlchemyParkedMessages
from cqrs.inbox.sqlalchemy.tables import InboxTables, inbox_tables
from cqrs.unit_of_work.sqlalchemy.source import SessionSource
from cqrs.unit_of_work.stack import unit_for

if TYPE_CHECKING:
    import datetime as dt
    import uuid
    from collections.abc import Callable, Sequence

    from cqrs.envelope import Envelope
    from cqrs.inbox.parked import TakenSequence

__all__ = ["InboxTables", "SqlAlchemyInboxRepository", "inbox_tables"]


class SqlAlchemyInboxRepository(InboxRepository):
    """An inbox over the session of the open unit of work; it can be shared by all tasks.

    ``sessions`` makes the sessions of the transactions of its own. The tables are ``table_name`` and two that begin
    with it, or ``tables``.
    """

    def __init__(
        self,
        sessions: Callable[[], AsyncSession] | SessionSource,
        *,
        table_name: str = "inbox",
        tables: InboxTables | None = None,
    ) -> None:
        check_text("table_name", table_name, "the name of a table")
        self._source = sessions if isinstance(sessions, SessionSource) else SessionSource(sessions, argument="sessions")
        self._sessions = self._source.factory
        self.tables = tables or inbox_tables(table_name)

    @override
    async def accept(self, consumer: str, envelopes: Sequence[Envelope]) -> list[Envelope]:
        session = self._session()
        unique = first_copies(envelopes)
        new = await mark(session, self.tables, consumer, [envelope.message_id for envelope in unique])
        fresh = [envelope for envelope in unique if envelope.message_id in new]
        keyed = {sequence_of(envelope) for envelope in fresh if envelope.key is not None}
        # After the marks: the consumer that had the messages before may have parked the first of them.
        parked = await parked_among(session, self.tables, consumer, list(keyed)) if keyed else []
        waiting: set[uuid.UUID] = set()
        for sequence in parked:
            behind = [envelope for envelope in fresh if sequence_of(envelope) == sequence]
            if await parking.line_up(session, self.tables, consumer, sequence, behind):
                waiting.add(sequence)
        return [e for e in fresh if sequence_of(e) not in waiting] if waiting else fresh

    @override
    async def park(self, consumer: str, envelope: Envelope, error: BaseException, retry_in: float | None) -> None:
        session, sequence = self._session(), sequence_of(envelope)
        for accepted in await self.accept(consumer, [envelope]):
            await parking.begin(session, self.tables, consumer, sequence, storable(error), retry_in)
            if not await parking.line_up(session, self.tables, consumer, sequence, [accepted]):
                raise InboxConflict(consumer)

    @override
    async def take(self, consumer: str, limit: int = 100) -> TakenSequence | None:
        return await parking.take(self._session(), self.tables, consumer, limit)

    @override
    async def settle(self, taken: TakenSequence, count: int) -> None:
        ids = [id_ for id_, _ in taken.messages[:count]]
        await parking.shorten(self._session(), self.tables, taken.consumer, taken.sequence, ids)

    @override
    async def postpone(self, taken: TakenSequence, error: BaseException, retry_in: float | None) -> None:
        table, parked = self.tables.sequences, self.tables.parked.c
        this = parking.the_sequence(self.tables, taken.consumer, taken.sequence)
        same = (
            select(parked.id)
            .where(
                parked.consumer == taken.consumer,
                parked.sequence == taken.sequence,
                parked.id == taken.messages[0][0],
            )
            .exists()
        )
        values = {"attempts": taken.attempts + 1, "retry_at": parking.later(retry_in), "last_error": storable(error)}
        statement = update(table).where(this, table.c.attempts == taken.attempts, same).values(values)
        await parking.changed(self._session(), statement)

    @override
    async def clean(self, consumer: str, older_than: dt.timedelta, limit: int = 1000) -> int:
        async with short_transaction(self._sessions) as session:
            return await forget(session, self.tables, consumer, older_than, limit)

    @property
    @override
    def parked(self) -> SqlAlchemyParkedMessages:
        return SqlAlchemyParkedMessages(self._sessions, self.tables)

    @property
    def place(self) -> Any:
        """The database that its tables are in."""
        return self._source.place

    @property
    def database(self) -> str:
        """The address of that, without its password."""
        return self._source.name

    def _session(self) -> AsyncSession:
        unit = unit_for(self, "This inbox")
        session = None if unit is None else unit.session
        if not isinstance(session, AsyncSession):
            raise UnitOfWorkStateError("This inbox works within a SqlAlchemyUnitOfWork: open one around this call.")
        return session
