"""Step 4: makes the sessions of units of work, and identifies their database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import UnboundExecutionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker

from cqrs._sqlalchemy.connecting import shown
from cqrs._sqlalchemy.dialects import capabilities_of
from cqrs._sqlalchemy.schemas import schema_of
from cqrs._sqlalchemy.transactions import asynchronous, writes_first
from cqrs.errors.transactions import UnitOfWorkStateError
from cqrs.unit_of_work.options import DEFAULT_OPTIONS
from cqrs.unit_of_work.sqlalchemy.place import Place
from cqrs.unit_of_work.sqlalchemy.refusing import must_hold_transactions, must_keep_apart

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlalchemy import Engine

    from cqrs.unit_of_work.options import TransactionOptions

_NO_ENGINE = "These sessions have no engine of their own: make the sessionmaker with one."


class SessionSource:
    """Wraps a session of the application (``passed_session``), or a function that makes sessions.

    ``on_begin`` is awaited with a session of each new transaction, before its first statement.
    """

    def __init__(
        self,
        sessions: AsyncSession | Callable[[], AsyncSession],
        *,
        on_begin: Callable[[AsyncSession], Awaitable[None]] | None = None,
        argument: str = "session",
    ) -> None:
        self.sessions = asynchronous(sessions, argument)
        must_hold_transactions(sessions, argument)
        self._argument = argument
        self._is_known = isinstance(sessions, (AsyncSession, async_sessionmaker))
        self.passed_session = sessions if isinstance(sessions, AsyncSession) else None
        self.on_begin = on_begin
        self.forget()

    def forget(self) -> None:
        """Drop what is known of the engine, because it was replaced."""
        self._place: Place | None = None

    @property
    def factory(self) -> Callable[[], AsyncSession]:
        """A function that makes a session, or that always returns the session of the application."""
        sessions = self.sessions
        return (lambda: sessions) if isinstance(sessions, AsyncSession) else sessions

    @property
    def place(self) -> Place:
        """Identifies the database of the sessions."""
        if self._place is None:
            engine = _sync_engine_of(self.sessions, self._argument)
            if self.passed_session is None:
                must_keep_apart(engine, self._argument)
            self._place = Place.of(engine)
        return self._place

    @property
    def name(self) -> str:
        """The address of the database, without the password."""
        engine = _engine_of(self.sessions)
        if engine is None:
            return "a database"
        schema = schema_of(engine.sync_engine)
        return shown(engine.url) if schema is None else f"{shown(engine.url)}, schema {schema}"

    def engine(self) -> AsyncEngine:
        """Return the engine of its sessions. Raises ``UnitOfWorkStateError`` if they have none."""
        engine = _engine_of(self.sessions)
        if engine is None:
            raise UnitOfWorkStateError(_NO_ENGINE)
        return engine

    def open(self, options: TransactionOptions = DEFAULT_OPTIONS) -> AsyncSession:
        """Return a session for a unit of work."""
        session = self.factory()
        if not self._is_known:  # the first session that the function has made
            must_hold_transactions(session, self._argument, passed=False)
            self._is_known = True
        if self.passed_session is None:  # a response is read after the commit, so objects must keep their values
            session.sync_session.expire_on_commit = False
        writes_first(session, at_once=not options.read_only)
        engine = session.bind
        if options is not DEFAULT_OPTIONS and isinstance(engine, AsyncEngine):
            session.bind = chosen = engine.execution_options(**_execution_options(engine, options))
            session.sync_session.bind = chosen.sync_engine
        return session


def _execution_options(engine: AsyncEngine, options: TransactionOptions) -> dict[str, Any]:
    known = capabilities_of(engine.dialect)
    chosen: dict[str, Any] = {}
    level = options.isolation_level
    if level is not None and known.can_set(level):
        chosen["isolation_level"] = level
    if options.read_only:
        chosen |= known.read_only_options
    return chosen


def _engine_of(sessions: Any) -> AsyncEngine | None:
    if isinstance(sessions, async_sessionmaker):
        bind: Any = sessions.kw.get("bind")
    else:
        bind = (sessions if isinstance(sessions, AsyncSession) else sessions()).bind
    return bind.engine if isinstance(bind, AsyncConnection) else bind


def _sync_engine_of(sessions: Any, argument: str) -> Engine:
    engine = _engine_of(sessions)
    if engine is not None:
        return engine.sync_engine
    session: AsyncSession = sessions if isinstance(sessions, AsyncSession) else sessions()
    must_hold_transactions(session, argument)
    try:
        return session.get_bind().engine
    except UnboundExecutionError:
        raise UnitOfWorkStateError(_NO_ENGINE) from None
