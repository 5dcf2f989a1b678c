"""Step 4, the unit of work on an SQLAlchemy session."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from cqrs._sqlalchemy.failures import failures_before, must_not_have_failed
from cqrs._sqlalchemy.transactions import asynchronous, writes_first
from cqrs.errors import UnitOfWorkStateError
from cqrs.unit_of_work import HELD, UnitOfWork

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

_UNIT = "cqrs_unit_of_work"


class SqlAlchemyUnitOfWork(UnitOfWork):
    """A unit of work over a session that it opens with a factory and closes, or over one that is brought to it.

    A session that was brought stays open. What is pending in it becomes part of this transaction. On SQLite the
    transaction takes the write lock with its first statement. On PostgreSQL a statement that has failed outside of a
    ``savepoint()`` fails the commit too, with ``UnitOfWorkStateError`` if its error was caught. So does, anywhere, an
    error with which the database has undone the transaction: a deadlock in MariaDB, say.
    """

    def __init__(self, session: AsyncSession | Callable[[], AsyncSession]) -> None:
        super().__init__()
        self._source = asynchronous(session, "session")
        self._session: AsyncSession | None = None
        self._around: object = None
        self._failures = 0

    @property
    def session(self) -> AsyncSession:
        """What to write through. Do not commit it: the unit of work does."""
        self._must_be_open()
        if self._session is None:
            raise UnitOfWorkStateError
        return self._session

    def _transaction(self) -> object:
        session = self.session.sync_session
        return session.get_transaction() or session.begin()

    async def _begin(self) -> None:
        session = self._source if isinstance(self._source, AsyncSession) else self._source()
        self._session = writes_first(session)
        self._failures = failures_before(session)
        self._around = session.info.get(_UNIT)
        session.info[_UNIT] = self

    async def _commit(self) -> None:
        if self._session is None:
            raise UnitOfWorkStateError
        try:
            await must_not_have_failed(self._session, self._failures)
            await self._session.commit()
        except BaseException:
            with suppress(Exception):  # the error of the commit counts; the connection may be gone
                await self._session.rollback()
            raise

    async def _rollback(self) -> None:
        if self._session is not None:
            await self._session.rollback()

    async def _end(self) -> None:
        session, self._session = self._session, None
        if session is None:
            return
        if isinstance(self._source, AsyncSession):
            session.info[_UNIT] = self._around
        else:  # it keeps this unit, so that nothing is added that nobody would commit
            await asyncio.shield(session.close())  # a cancelled turn must give its connection back too

    def _savepoint(self) -> AbstractAsyncContextManager[object]:
        if self._session is None:
            raise UnitOfWorkStateError
        return self._session.begin_nested()


def unit_of(session: AsyncSession) -> UnitOfWork | None:
    """The unit of work over ``session``, open or not any more, if there is one."""
    unit: UnitOfWork | None = session.info.get(_UNIT)
    return unit


# For all sessions at once: to listen to each for itself costs it more than the question.
@event.listens_for(Session, "before_commit")
def _must_be_free(session: Session) -> None:
    unit = session.info.get(_UNIT)
    if isinstance(unit, SqlAlchemyUnitOfWork) and unit.is_held and not session.in_nested_transaction():
        raise UnitOfWorkStateError(HELD)
