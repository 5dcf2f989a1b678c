"""Transactions that begin in another way than the driver's, where that would be too late or too weak."""

from __future__ import annotations

import inspect
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import event, text
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from cqrs._arguments import takes
from cqrs._sqlalchemy.cancelled_reads import close_cursor
from cqrs._sqlalchemy.dialects import capabilities_of
from cqrs._tasks.running import without_turn
from cqrs.errors.root import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from sqlalchemy.engine import Connection
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry, PoolResetState

_WRITES_FIRST = "cqrs_writes_first"
_LIMITED = "cqrs_limited"

READ_COMMITTED = "READ COMMITTED"

T = TypeVar("T")


def asynchronous(sessions: T, argument: str, *, or_one: bool = True) -> T:
    """``sessions``, which is an ``AsyncSession``, if ``or_one``, or makes one. Raises ``InvalidArgument`` otherwise.

    A worker that was given something else would take the error of each call for an outage.
    """
    one = isinstance(sessions, AsyncSession)
    if inspect.iscoroutine(sessions):
        sessions.close()  # or Python would warn of it as well
    if (one and not or_one) or not (one or _makes_sessions(sessions)):
        raise InvalidArgument(argument, sessions, "give an async_sessionmaker over an engine of create_async_engine()")
    return sessions


def _makes_sessions(given: Any) -> bool:
    made = getattr(given, "class_", None)  # of a sessionmaker
    if isinstance(made, type):
        return not issubclass(made, Session)
    if isinstance(given, type):  # those of SQLAlchemy know no engine
        return given is not AsyncSession and not issubclass(given, Session)
    written = inspect.unwrap(given) if callable(given) else given
    later = inspect.isasyncgenfunction(written) or inspect.isgeneratorfunction(written)
    return callable(given) and not later and not inspect.iscoroutinefunction(written) and takes(given, 0)


@asynccontextmanager
async def short_transaction(
    sessions: Callable[[], AsyncSession], *, let_go_after: float | None = None, reads_only: bool = False
) -> AsyncGenerator[AsyncSession, None]:
    """A transaction of its own, committed at the end; READ COMMITTED where there are levels.

    That keeps MariaDB from locking the gaps between rows, where others insert, and PostgreSQL from failing conflicts.
    The server ends the transaction if it is idle for ``let_go_after`` seconds: a process that is suspended in the
    middle of it, or whose machine dies, would keep its locks for as long as the server keeps the connection. On SQLite
    one that ``reads_only`` blocks no writer.
    """
    with without_turn():
        async with writes_first(sessions(), at_once=not reads_only) as session, session.begin():
            if capabilities_of(session.get_bind().dialect).can_set(READ_COMMITTED):
                await session.connection(execution_options={"isolation_level": READ_COMMITTED})
                if let_go_after is not None:
                    await _limit(session, let_go_after)
            yield session


async def _limit(session: AsyncSession, seconds: float) -> None:
    known = capabilities_of(session.get_bind().dialect)
    if known.limit_idle_transaction is not None:
        limit = f"{max(1_000, int(seconds * 1_000))}ms"
        await session.execute(text(known.limit_idle_transaction), {"limit": limit})
    elif known.limit_idle_connection is not None:
        connection = (await session.connection()).sync_connection
        assert connection is not None  # noqa: S101  # it has begun
        if not event.contains(connection.engine.pool, "reset", _without_limit):
            event.listen(connection.engine.pool, "reset", _without_limit)
        connection.info[_LIMITED] = known.unlimit_idle_connection
        await session.execute(text(known.limit_idle_connection), {"limit": max(1, int(seconds))})


def _without_limit(driver: DBAPIConnection, record: ConnectionPoolEntry, state: PoolResetState) -> None:
    """Remove the limit when the connection goes back to the pool, for its next user."""
    undo = record.info.pop(_LIMITED, None)
    if undo is not None and not state.terminate_only:
        cursor = driver.cursor()
        cursor.execute(undo)
        cursor.close()


def writes_first(session: AsyncSession, *, at_once: bool = True) -> AsyncSession:
    """Let each transaction of ``session`` on SQLite take the write lock when it begins, if ``at_once``.

    A transaction that reads first and writes later fails at once if another one has written in between, and the
    driver would begin none at all before a savepoint, which then commits by itself. On other databases this does
    nothing.
    """
    session.info[_WRITES_FIRST] = "BEGIN IMMEDIATE" if at_once else "BEGIN"
    return session


# For all engines at once: a statement of other code than this package may be cancelled, too.
event.listen(SQLiteDialect_aiosqlite, "handle_error", close_cursor)


# For all sessions at once: to listen to each for itself costs it more than the question.
@event.listens_for(Session, "after_begin")
def _begin(session: Session, _transaction: Any, connection: Connection) -> None:
    if _WRITES_FIRST in session.info and not capabilities_of(connection.dialect).has_row_locks:
        driver: Any = connection.connection.driver_connection
        if not driver.in_transaction:
            connection.exec_driver_sql(session.info[_WRITES_FIRST])
