"""Step 4: the unit of work on an SQLAlchemy session."""

from __future__ import annotations

import asyncio
import logging
import sys
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, ref

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.util import await_only

from cqrs._sqlalchemy.driver import (
    commits_each_statement,
    driver_connection,
    only_reads,
    refuse_writes,
    refused,
    session_on,
)
from cqrs._sqlalchemy.failures import failures_before, must_not_have_failed
from cqrs._tasks.blocks import async_block
from cqrs.errors.databases import MigrationNeeded
from cqrs.errors.root import CQRSError
from cqrs.errors.transactions import (
    OtherDatabase,
    SecondTransaction,
    TransactionDoomed,
    TransactionEnded,
    UnitOfWorkStateError,
)
from cqrs.unit_of_work.options import DEFAULT_OPTIONS, TransactionOptions
from cqrs.unit_of_work.protocol import UnitOfWork
from cqrs.unit_of_work.sqlalchemy.explaining import ONLY_READS, explained, is_lost_to_another
from cqrs.unit_of_work.sqlalchemy.guards import UNIT, unit_of, unit_on
from cqrs.unit_of_work.sqlalchemy.savepoint import Savepoint
from cqrs.unit_of_work.sqlalchemy.source import SessionSource

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from sqlalchemy.engine import Connection
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import SessionTransaction

logger = logging.getLogger("cqrs")

_FAILURES = (DBAPIError, StaleDataError, MigrationNeeded)  # of statements
_BEGIN_NESTED = "begin_nested"
_PAST_THE_UNIT = "its session was rolled back or closed, and not by the unit of work"
_JOIN = (
    "Join the open one: `async with db.transaction():` is a savepoint within it, and so is `unit.savepoint()`. For a "
    "transaction independent of it write `async with db.separate_transaction():`."
)


class SqlAlchemyUnitOfWork(UnitOfWork):
    """A unit of work with a session that it opens by a factory and closes, or with a session of the application.

    The factory is called when the session is first needed: an unused unit takes no connection. A session that was
    passed stays open, and what is pending in it becomes part of this transaction. On SQLite the transaction takes the
    write lock with its first statement. On PostgreSQL, if a statement fails outside of a ``savepoint()`` and its error
    is caught, the commit raises ``UnitOfWorkStateError``. The same holds on every database for an error with which the
    database has undone the transaction, such as a deadlock in MariaDB. Deadlocks, serialization failures and rows that
    have changed since they were read are raised as ``ConcurrencyError``.

    While it is open, in its task and in tasks started there: another session or connection that begins on the same
    engine raises ``SecondTransaction``; a commit that bypasses the unit raises; after a rollback or close that bypasses
    it, its commit raises.
    """

    begins_by_itself = True
    options = DEFAULT_OPTIONS
    _session: AsyncSession | None = None
    _bind_and_unit_before: tuple[Any, Any] = (None, None)
    _failures = 0
    _root: SessionTransaction | None = None
    _savepoints: WeakKeyDictionary[SessionTransaction, int] | None = None
    _lost: str | None = None
    _marked_info: dict[Any, Any] | None = None
    _starts_over = False
    hands_out_the_driver = False
    last_failure: BaseException | None = None

    def __init__(
        self,
        session: AsyncSession | Callable[[], AsyncSession] | SessionSource,
        *,
        options: TransactionOptions = DEFAULT_OPTIONS,
    ) -> None:
        self.source = session if isinstance(session, SessionSource) else SessionSource(session)
        if options is not DEFAULT_OPTIONS:
            self.options = options
        if self.source.passed_session is not None:
            self.begins_by_itself = False  # all that is done with this session belongs to the unit from the beginning

    @property
    def session(self) -> AsyncSession:
        """The session to write through. Do not commit it: the unit of work does that."""
        if not (self.is_committing and self.is_here):  # a listener of its commit may still use it
            self.must_be_usable("the session of a unit of work")
        return self._session or self._open_session()

    @property
    def takes_more(self) -> bool:
        """Whether it is open, or runs listeners of its commit: ``before_commit``, and those of the last flush."""
        return self.is_open or (self.is_committing and self._session is not None)

    @property
    def place(self) -> Any:
        """Identifies the database of the transaction."""
        return self.source.place

    @property
    def database(self) -> str:
        """The address of the database, without its password."""
        return self.source.name

    @property
    def is_untouched(self) -> bool:
        """Whether no session was opened, and nothing waits for the commit."""
        return self._session is None and self._journal is None and self._doomed_by is None

    @property
    def is_begun(self) -> bool:
        """Whether a transaction has begun in its session."""
        return self._session is not None and self._session.in_transaction()

    async def connection(self) -> Any:
        """Return the driver's own connection. The transaction and all savepoints around this code have begun on it.

        What is written through it is part of the transaction. The unit does not notice its errors, so let them leave
        the unit. Neither commit it nor roll it back.
        """
        if self.foreign_to is not None:
            raise OtherDatabase("The driver's connection", self.database, self.foreign_to)
        connection = await driver_connection(self.session)
        self.hands_out_the_driver = True
        return connection

    def _must_fit_among(self, units: tuple[UnitOfWork, ...]) -> None:
        for other in units:
            if other is not self and other.is_open and other.place is not None and other.place == self.place:
                raise SecondTransaction("A second unit of work was opened", self.database, _JOIN)

    @property
    def is_writing(self) -> bool:
        """Whether it has begun and may write."""
        return self.is_begun and not self.options.read_only

    def lost(self, how: str) -> None:
        """Note that something else than the unit has ended the transaction, so that its commit raises."""
        if self._open and not self._starts_over:
            failure = sys.exc_info()[1]
            if isinstance(failure, _FAILURES):  # a failed flush undoes the transaction around it
                self.last_failure = failure
                how = f"a flush has failed with {type(failure).__qualname__}, and the error was caught"
            self._lost = self._lost or how

    def note_failure(self) -> None:
        """Note the error that is being handled, if it is one of the database."""
        failure = sys.exc_info()[1]
        if isinstance(failure, _FAILURES):
            self.last_failure = failure

    def transaction_begins(self, transaction: SessionTransaction) -> None:
        """Note that the session begins ``transaction``: the first one, or one after the first was ended."""
        if self._root is not None:
            self.lost(_PAST_THE_UNIT)
        self._root = transaction

    def savepoint_begins(self, savepoint: SessionTransaction) -> None:
        """Note the position in the journal at which ``savepoint`` begins."""
        if self._savepoints is None:
            self._savepoints = WeakKeyDictionary()
        self._savepoints[savepoint] = self.journal.mark

    def savepoint_is_undone(self, savepoint: SessionTransaction) -> None:
        """Undo what is kept in memory since ``savepoint`` began."""
        mark = None if self._savepoints is None else self._savepoints.pop(savepoint, None)
        if mark is not None:
            self.journal.undo_to(mark)

    def begins_on(self, connection: Connection, *, already_begun: bool = False) -> None:
        """Prepare ``connection``, on which the transaction begins now, or was begun by the application.

        An error raised here is raised by each further statement, too, because nothing may be done in a transaction that
        ``on_begin`` has not prepared.
        """
        try:
            self._prepare(connection, already_begun=already_begun)
        except BaseException as error:
            self.doom(error)
            refused(connection, error if isinstance(error, CQRSError) else TransactionDoomed(error))
            raise

    def _prepare(self, connection: Connection, *, already_begun: bool) -> None:
        other = unit_on(connection)
        if other is not None and other is not self and other.is_open:
            raise UnitOfWorkStateError(
                f"The engine of {self.database} has one connection for all (SQLite in memory, or a StaticPool), and a "
                "transaction is open on it: let the turns wait for each other, or use a file, one for each test."
            )
        self._marked_info = connection.info
        self._marked_info[UNIT] = ref(self)
        if self.foreign_to is not None:
            refuse_writes(connection, OtherDatabase("What is written here", self.database, self.foreign_to))
        if already_begun:
            return
        if commits_each_statement(connection):
            raise UnitOfWorkStateError(
                f"The engine of {self.database} commits each statement by itself (AUTOCOMMIT), so nothing could be "
                "undone: give one without that isolation level."
            )
        if self.options.read_only and self._session is not None and isinstance(self._session.bind, AsyncEngine):
            only_reads(connection, UnitOfWorkStateError(f"A transaction of {self.database} {ONLY_READS}"))
        if self.source.on_begin is not None:
            session = session_on(connection)
            await_only(self.source.on_begin(session))
            await_only(session.flush())
            session.sync_session.close()

    def _open_session(self) -> AsyncSession:
        source, passed = self.source, self.source.passed_session
        if passed is not None:
            around = unit_of(passed)
            if around is not None and around.is_open:
                raise SecondTransaction("A second unit of work was opened over one session", self.database, _JOIN)
            self._bind_and_unit_before = passed.bind, around
        self._session = session = source.open(self.options)
        self._failures = failures_before(session)
        session.info[UNIT] = self
        setattr(session, _BEGIN_NESTED, partial(Savepoint, self))  # raises if a swallowed error has undone it
        connection = session.bind.sync_connection if isinstance(session.bind, AsyncConnection) else None
        if connection is not None:  # as in a test, whose own transaction surrounds this one
            self._marked_info = connection.info
            self._marked_info[UNIT] = ref(self)
        return session

    async def _begin(self) -> None:
        if self.source.passed_session is not None:
            self._root = self._lost = None
            session = self._open_session()
            self._root = session.sync_session.get_transaction()
            if self._root is not None:  # then its connection may have begun, too
                self.begins_on(await session.run_sync(lambda plain: plain.connection()), already_begun=True)

    def _must_be_whole(self) -> None:
        if self._session is not None and self._root not in {None, self._session.sync_session.get_transaction()}:
            self.lost(_PAST_THE_UNIT)
        if self._lost is not None:
            raise TransactionEnded(
                self._lost,
                "What was written before is undone. Leave rollback and close to the unit of work: undo a part with a "
                "savepoint, `async with session.begin_nested():`, and let the error leave to undo everything.",
            ) from self.last_failure
        super()._must_be_whole()

    async def _call_before_commit(self) -> None:
        if self._before and self._session is not None:
            await self._session.flush()  # so that callbacks see what is pending, also by textual statements
        await super()._call_before_commit()

    async def _commit(self) -> None:
        session = self._session
        if session is None:
            return
        try:
            await must_not_have_failed(session, self._failures)
            await session.commit()
        except BaseException as error:
            with suppress(Exception):  # the error of the commit is raised; the connection may be gone
                await session.rollback()
            better = explained(error, self)
            if better is error:
                raise
            raise better from error

    async def _rollback(self) -> None:
        if self._session is not None:
            await self._session.rollback()

    async def _end(self) -> None:
        session, self._session = self._session, None
        self._root = self._lost = self._savepoints = self.last_failure = None
        if self._marked_info is not None and (of := self._marked_info.get(UNIT)) is not None and of() is self:
            del self._marked_info[UNIT]  # the connection goes back to the pool
        self._marked_info = None
        self.hands_out_the_driver = False
        if session is None:
            return
        if self.source.passed_session is not None:
            delattr(session, _BEGIN_NESTED)
            session.bind, session.info[UNIT] = self._bind_and_unit_before
            if session.bind is not None:
                session.sync_session.bind = getattr(session.bind, "sync_engine", session.sync_session.bind)
        else:  # the session keeps the unit in its `info`, so that using it later raises
            await asyncio.shield(_closed(session))  # also a cancelled turn must give its connection back

    def is_undone_by(self, error: BaseException) -> bool:
        """Whether ``error`` undoes the whole transaction: a deadlock or a serialization failure does."""
        return is_lost_to_another(error) or super().is_undone_by(error)

    def _explained(self, error: BaseException) -> BaseException:
        return explained(super()._explained(error), self)

    @async_block
    async def _savepoint(self) -> AsyncGenerator[None, None]:
        if self._session is not None and self._session.in_transaction():
            async with Savepoint(self):
                yield
            return
        # The transaction has not begun. If it begins within the block, all of it is undone on an error.
        try:
            yield
        except BaseException as error:
            if not self.is_here:
                self.doom(error)
            elif self.is_begun:
                await self._start_over()
            raise

    async def _start_over(self) -> None:
        assert self._session is not None  # noqa: S101  # it has begun
        self._starts_over = True
        try:
            await self._session.rollback()
        finally:
            self._starts_over = False
            self._root = None
            self._failures = failures_before(self._session)


async def _closed(session: AsyncSession) -> None:
    try:
        await session.close()
    except Exception:
        # It is logged and not raised, because the transaction has ended, and a raised error would look like its own.
        logger.exception("A session could not be closed after its transaction; its connection is given up")
        with suppress(Exception):
            await session.invalidate()
