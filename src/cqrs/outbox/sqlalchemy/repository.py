"""Step 4, an outbox in a table of SQLite, PostgreSQL or MariaDB."""

from __future__ import annotations

import datetime as dt  # noqa: TC003  # containers read the annotations of the constructor
from typing import TYPE_CHECKING, Any

from sqlalchemy.ext.asyncio import AsyncSession
from typing_extensions import override

from cqrs._arguments import check_class, check_text
from cqrs._sqlalchemy.dialects import uses_asyncpg
from cqrs._sqlalchemy.transactions import short_transaction, writes_first
from cqrs._sqlalchemy.types import BinaryUUID
from cqrs.compressors.protocol import Compressor  # noqa: TC001  # as above
from cqrs.errors.transactions import OtherDatabase, SecondTransaction, TransactionEnded, UnitOfWorkStateError
from cqrs.events.registry import EventRegistry  # noqa: TC001  # as above
from cqrs.outbox.sqlalchemy.adding import add_row
from cqrs.outbox.sqlalchemy.cancelling import cancel
from cqrs.outbox.sqlalchemy.model import OutboxModelMixin, known_as_ours, outbox_model, rebind_outbox_model
from cqrs.outbox.sqlalchemy.parked import SqlAlchemyParkedMessages
from cqrs.outbox.sqlalchemy.peeking import peek
from cqrs.outbox.sqlalchemy.queue import SqlAlchemyOutboxQueue
from cqrs.outbox.sqlalchemy.queue_postgresql import PostgresOutboxQueue
from cqrs.outbox.sqlalchemy.taking import settle, take
from cqrs.outbox.sqlalchemy.wakeups import wakeups_for
from cqrs.outbox.stored import LEASE, StoredOutbox
from cqrs.serializers.protocol import Serializer  # noqa: TC001  # as above
from cqrs.unit_of_work.sqlalchemy.guards import unit_of
from cqrs.unit_of_work.sqlalchemy.place import Place
from cqrs.unit_of_work.sqlalchemy.source import SessionSource
from cqrs.unit_of_work.sqlalchemy.unit import SqlAlchemyUnitOfWork
from cqrs.unit_of_work.stack import unit_for
from cqrs.wakeups.announcing import announce_after_commit

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable, Sequence

    from sqlalchemy.orm import Session

    from cqrs.outbox.peeked import Look, PeekedMessage
    from cqrs.outbox.rows import NewRow, Settlement, TakenRow
    from cqrs.wakeups.protocol import WakeUps

    Sessions = AsyncSession | Callable[[], AsyncSession] | SessionSource
else:
    Sessions = AsyncSession  # what a container injects, for it cannot choose; a factory is passed by hand

__all__ = ["BinaryUUID", "OutboxModelMixin", "SqlAlchemyOutboxedEventRepository", "outbox_model", "rebind_outbox_model"]


class SqlAlchemyOutboxedEventRepository(StoredOutbox):
    """An outbox over sessions that a factory makes, or over one session.

    With a factory it can be shared by all tasks that fill it; messages are taken and settled in short transactions of
    their own. Over one session everything happens in that one's transaction, and no other loop gets what was taken
    before it ends.

    The table is the one of ``model``, or ``table_name``, or the one that ``OUTBOX_SQLA_TABLE`` names when the
    repository is built, or ``outbox``. With ``keep_produced=False`` what was sent is deleted. Bodies are JSON, or what
    ``serializer`` makes.

    After a commit relays are woken: those of this process and, with PostgreSQL, all others by a NOTIFY. With
    ``notify=False`` none is.
    """

    def __init__(  # noqa: PLR0913  # the first two are the established signature
        self,
        session: Sessions,
        compressor: Compressor | None = None,
        *,
        table_name: str | None = None,
        model: type[Any] | None = None,
        registry: EventRegistry | None = None,
        lease: dt.timedelta = LEASE,
        keep_produced: bool = True,
        notify: bool = True,
        serializer: Serializer | None = None,
    ) -> None:
        super().__init__(compressor, registry, lease, serializer)
        if table_name is not None:
            check_text("table_name", table_name, "the name of a table")
        if model is not None:
            check_class("model", model, "the mapped class")
        self.model: Any = model or outbox_model(table_name)
        if model is not None:
            known_as_ours(model)
        self._source = session if isinstance(session, SessionSource) else SessionSource(session)
        self._keep_produced = keep_produced
        self._notify = notify

    @property
    def _bound(self) -> AsyncSession | None:
        return self._source.passed_session

    @property
    def place(self) -> Any:
        """The database that its table is in."""
        return self._source.place

    @property
    def database(self) -> str:
        """The address of that, without its password."""
        return self._source.name

    def _unit_of_work(self) -> SqlAlchemyUnitOfWork:
        return SqlAlchemyUnitOfWork(self._source)

    def _session(self) -> Any:
        return super()._session() if self._bound is None else self._bound

    def _store(self, session: Any, row: NewRow) -> None:
        plain = self._open_session(session)
        add_row(plain, self.model, row)
        if self._notify:
            announce_after_commit(plain, self.model.__table__.fullname, self.model)

    async def _cancel(self, session: Any, ids: Sequence[uuid.UUID]) -> bool:
        self._open_session(session)
        return await cancel(session, self.model, ids)

    async def _peek(self, look: Look) -> list[tuple[PeekedMessage, str | None]]:
        if self._bound is not None:
            return await peek(self._bound, self.model, look)
        async with short_transaction(self._factory, reads_only=True) as session:
            return await peek(session, self.model, look)

    async def _take(self, limit: int, topic: str | None) -> list[TakenRow]:
        if self._bound is not None:
            return await self._take_in(writes_first(self._bound), limit, topic)
        async with short_transaction(self._factory) as session:
            return await self._take_in(session, limit, topic)

    async def _take_in(self, session: AsyncSession, limit: int, topic: str | None) -> list[TakenRow]:
        lease = self._lease.total_seconds()
        return await take(session, self.model, limit=limit, topic=topic, owner=self._owner, lease=lease)

    async def _record(self, id_: int, status: Any, error: str | None) -> None:
        await super()._record(id_, status, error)
        if self._bound is not None:
            await self._settle_recorded()  # the session may be committed without this repository

    async def _settle(self, settlements: Sequence[Settlement]) -> None:
        if self._bound is not None:
            await settle(self._bound, self.model, settlements, keep_produced=self._keep_produced)
            return
        async with short_transaction(self._factory) as session:
            await settle(session, self.model, settlements, keep_produced=self._keep_produced)

    @property
    def _factory(self) -> Callable[[], AsyncSession]:
        if self._bound is not None:
            raise UnitOfWorkStateError("This needs transactions of its own: give the outbox a factory of sessions.")
        return self._source.factory

    @override
    def queue(self) -> SqlAlchemyOutboxQueue:
        sessions = self._factory
        queue = PostgresOutboxQueue if uses_asyncpg(self.place.dialect) else SqlAlchemyOutboxQueue
        return queue(sessions, self.model, keep_produced=self._keep_produced)

    @property
    @override
    def parked(self) -> SqlAlchemyParkedMessages:
        return SqlAlchemyParkedMessages(self._factory, self.model, keep_produced=self._keep_produced)

    @override
    def wakeups(self, kind: str = "auto") -> WakeUps:
        """Wake-ups of this ``kind``; ``"notify"`` needs PostgreSQL."""
        return wakeups_for(type(self).__qualname__, self._source.factory(), self.model, kind)

    async def _commit_session(self, session: Any) -> None:
        used = session or self._bound
        if used is None:
            return
        unit = unit_of(used)
        await (used.flush() if unit is not None and unit.is_open else used.commit())

    async def _rollback_session(self, session: Any) -> None:
        used = session or self._bound
        if used is not None:
            await used.rollback()

    def _open_session(self, session: Any) -> Session:
        """The session that a message goes into. Raises ``UnitOfWorkStateError`` if it would be lost there."""
        plain = open_session(session)
        own, joined = unit_of(plain), unit_for(self, "This outbox")
        if joined is not None and own is not joined:
            raise SecondTransaction(
                "A message was added to another session than that of the open transaction",
                joined.database,
                "Leave the session out, `outbox.add(event)`, or pass that of the open transaction.",
            )
        if own is None and Place.of(plain.get_bind(self.model).engine) != self.place:
            raise OtherDatabase("This outbox", self.database, "another engine")
        return plain


def open_session(session: Any) -> Session:
    """The session that a message goes into. Raises ``UnitOfWorkStateError`` if none can."""
    if not hasattr(session, "add"):
        raise UnitOfWorkStateError(
            f"This outbox needs an SQLAlchemy session, and was given a {type(session).__qualname__}: open a "
            "SqlAlchemyUnitOfWork around it."
        )
    unit = unit_of(session)
    if unit is not None and not unit.takes_more:
        raise TransactionEnded("the session that a message was added to belongs to a unit of work that is over")
    plain: Session = getattr(session, "sync_session", session)
    return plain


def __getattr__(name: str) -> Any:
    # the established names of the default table; what it is called is asked for when they are
    if name == "OutboxModel":
        return outbox_model()
    if name == "Base":
        return outbox_model().__mro__[2]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
