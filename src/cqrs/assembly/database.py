"""Assembly: the sessions, transactions, outbox and inbox of one database."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, Self

from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from typing_extensions import TypeVar

from cqrs._arguments import REGISTRY, Needed, check_given, check_text, takes
from cqrs._introspection.callables import is_async
from cqrs._sqlalchemy.connecting import connected
from cqrs._sqlalchemy.dialects import capabilities_of
from cqrs.assembly.engines import engine_of, must_be_a_database
from cqrs.errors.databases import DatabaseAddressError
from cqrs.errors.root import InvalidArgument
from cqrs.errors.transactions import UnitOfWorkStateError
from cqrs.inbox.sqlalchemy.repository import SqlAlchemyInboxRepository
from cqrs.outbox.sqlalchemy.repository import SqlAlchemyOutboxedEventRepository
from cqrs.unit_of_work.options import DEFAULT_OPTIONS, TransactionOptions, chosen
from cqrs.unit_of_work.sqlalchemy.session import session_of_the_transaction
from cqrs.unit_of_work.sqlalchemy.source import SessionSource
from cqrs.unit_of_work.sqlalchemy.unit import SqlAlchemyUnitOfWork
from cqrs.unit_of_work.stack import unit_for
from cqrs.unit_of_work.transaction_block import separate_transaction, transaction

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextlib import AbstractAsyncContextManager

    from cqrs.events.registry import EventRegistry

S = TypeVar("S", bound=AsyncSession, default=AsyncSession)

_METADATA = Needed("the metadata of your tables, such as Base.metadata", kind=MetaData)
_ON_BEGIN = Needed("an `async def` function that takes a session", ("__call__",))


class Database(Generic[S]):
    """One database of a service: its sessions, transactions, outbox and inbox, which are always committed together.

    ``source`` is a URL, an ``AsyncEngine`` or an ``async_sessionmaker``. For a URL, the engine is made at its first
    use, once in each process, with READ COMMITTED if the database has isolation levels, and it is closed at the end of
    ``async with db``; an engine or sessionmaker that you pass is left open. Nothing connects before the first
    statement. Make one ``Database`` for each database, and pass it to every bootstrap, ``Consumer`` and ``Once``. It is
    safe to share between the tasks of an event loop.

    ``metadata`` holds your tables, for :meth:`create_all`. ``registry`` finds the types of the events in messages; by
    default it is that of ``OutboxedEventMap``. ``on_begin`` is awaited with a session of each new transaction before
    its first statement, for example to set variables for row-level security. ``outbox_table`` and ``inbox_table`` name
    the tables of this package.

    With ``schema``, on PostgreSQL, all tables are in that schema: each transaction begins with a ``SET LOCAL
    search_path``, which applies to your tables, those of this package, the relay and the migrations. For tenants with a
    schema each, make a ``Database`` for each, with one engine; they are as separate as two databases.

    Raises ``InvalidArgument`` for a source of another kind, for one whose sessions share one connection (SQLite in
    memory, a ``StaticPool``), and for one that writes to several places (``binds=``, a ``schema_translate_map``).
    Raises ``DatabaseAddressError``, at the first use, for a URL that cannot be used.
    """

    def __init__(  # noqa: PLR0913  # the options of a database
        self,
        source: str | AsyncEngine | async_sessionmaker[S],
        *,
        metadata: MetaData | None = None,
        registry: EventRegistry | None = None,
        on_begin: Callable[[AsyncSession], Awaitable[None]] | None = None,
        outbox_table: str | None = None,
        inbox_table: str | None = None,
        schema: str | None = None,
    ) -> None:
        must_be_a_database(source, schema)
        check_given("metadata", metadata, _METADATA)
        check_given("registry", registry, REGISTRY)
        check_given("on_begin", on_begin, _ON_BEGIN)
        if on_begin is not None and not (is_async(on_begin) and takes(on_begin, 1)):
            raise InvalidArgument("on_begin", on_begin, "give an `async def` function that takes a session")
        for argument, table in (("outbox_table", outbox_table), ("inbox_table", inbox_table)):
            if table is not None:
                check_text(argument, table, "the name of a table")
        self.metadata = metadata
        self._given: Any = source
        self._schema = schema
        self._tables = (outbox_table, inbox_table)
        self._engine: AsyncEngine | None = None
        self._process = 0
        of_the_user = schema is None and isinstance(source, async_sessionmaker)
        made: Any = source if of_the_user else self._new_session
        self._source = SessionSource(made, on_begin=on_begin)
        self.session_class: type[Any] = source.class_ if isinstance(source, async_sessionmaker) else AsyncSession
        self._session: Any = session_of_the_transaction(self._source, self.session_class)
        self._outbox = SqlAlchemyOutboxedEventRepository(self._source, table_name=outbox_table, registry=registry)
        self._inbox = SqlAlchemyInboxRepository(self._source, table_name=inbox_table or "inbox")

    @property
    def session(self) -> S:
        """The session to inject: it leads, at each call, to the session of the open transaction of this database.

        Singletons and caches may keep it. Use it within a turn or :meth:`transaction`: without an open transaction it
        raises ``NoOpenTransaction``, and in another task than that of the transaction ``OtherTask``. ``commit``,
        ``rollback`` and ``close`` raise ``UnitOfWorkStateError`` and change nothing.
        """
        session: S = self._session
        return session

    @property
    def outbox(self) -> SqlAlchemyOutboxedEventRepository:
        """The outbox, for handlers and for an ``OutboxRelay``."""
        return self._outbox

    @property
    def inbox(self) -> SqlAlchemyInboxRepository:
        """The inbox."""
        return self._inbox

    @property
    def registry(self) -> EventRegistry:
        """The registry of the event types in messages."""
        return self._outbox.registry

    @property
    def name(self) -> str:
        """The address of the database, without the password."""
        return self._source.name

    @property
    def place(self) -> Any:
        """Identifies the database: all its transactions have an equal place."""
        return self._source.place

    @property
    def engine(self) -> AsyncEngine:
        """The engine of this process. Raises ``DatabaseAddressError`` for a URL that cannot be used."""
        if self._engine is None or self._process != os.getpid():
            if self._engine is None or isinstance(self._given, str):
                self._engine = engine_of(self._given, self._schema)
                self._source.forget()
            self._process = os.getpid()
        return self._engine

    def unit_of_work(self, options: TransactionOptions = DEFAULT_OPTIONS, /) -> SqlAlchemyUnitOfWork:
        """Return a new unit of work, for what :meth:`transaction` cannot do; ``async with`` opens it."""
        if options is DEFAULT_OPTIONS:  # every turn runs this, and a keyword argument is slower
            return SqlAlchemyUnitOfWork(self._source)
        return SqlAlchemyUnitOfWork(self._source, options=options)

    def transaction(
        self, *, isolation_level: str | None = None, read_only: bool = False
    ) -> AbstractAsyncContextManager[S]:
        """Open a transaction, ``async with db.transaction() as session``: committed at the end, undone by an error.

        Within an open transaction of this database it is a savepoint, and ``read_only`` has no effect. Raises
        ``SecondTransaction`` if the open one has another isolation level than is asked for, ``ConcurrencyError`` if
        another transaction has changed the same rows, and ``AfterCommitError`` if a callback after the commit failed.
        """
        return transaction(self, chosen(isolation_level, read_only))

    def separate_transaction(
        self, *, isolation_level: str | None = None, read_only: bool = False
    ) -> AbstractAsyncContextManager[S]:
        """Open an independent transaction: it is committed even if a transaction that is open here fails.

        On SQLite it raises ``SecondTransaction`` if the open one has begun, because both would wait for each other.
        """
        options = chosen(isolation_level, read_only)
        return separate_transaction(self, options, one_writes=not capabilities_of(self.engine.dialect).has_row_locks)

    async def connection(self) -> Any:
        """Return the driver's own connection of the open transaction; all savepoints around this code have begun on it.

        What is written through it is committed with the rest. The unit of work does not notice its errors, so let them
        leave the transaction. Raises ``NoOpenTransaction`` if none is open.
        """
        unit = unit_for(self._outbox, "A driver's connection")
        if not isinstance(unit, SqlAlchemyUnitOfWork):
            raise self._session.nothing_open()
        return await unit.connection()

    async def upgrade(self) -> list[str]:
        """Migrate the tables of this package to the newest version; your tables are not changed."""
        from cqrs.migrations.engine import upgrade  # noqa: PLC0415  # most processes never migrate

        outbox, inbox = self._tables
        return await upgrade(self.engine, outbox, inbox_table=inbox)

    async def create_all(self) -> None:
        """Create the missing tables of ``metadata``, for tests and first steps. It changes no existing table.

        Raises ``UnitOfWorkStateError`` if no ``metadata`` was given.
        """
        if self.metadata is None:
            raise UnitOfWorkStateError(
                "This database knows none of your tables: Database(..., metadata=Base.metadata)."
            )
        async with connected(self.engine) as connection, connection.begin():
            await connection.run_sync(self.metadata.create_all)

    async def aclose(self) -> None:
        """Close the engine that was made from a URL. The next use makes a new one."""
        engine, self._engine = self._engine, None
        if engine is not None and isinstance(self._given, str) and self._process == os.getpid():
            self._source.forget()
            await engine.dispose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        try:
            return f"Database({self.name!r})"
        except DatabaseAddressError as error:  # raised by its first use; showing it is no use
            return f"Database({error.address!r})"

    def _new_session(self) -> AsyncSession:
        made: Any = self._given
        if not isinstance(self._given, async_sessionmaker):
            made = partial(AsyncSession, expire_on_commit=False)
        session: AsyncSession = made(bind=self.engine)
        return session
