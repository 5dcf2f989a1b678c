"""How transactions begin where the driver's way would not do."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import event, text
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from cqrs._sqlalchemy.cancelled_reads import close_cursor
from cqrs.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from sqlalchemy.engine import Connection

_WRITES_FIRST = "cqrs_writes_first"

T = TypeVar("T")


def asynchronous(sessions: T, argument: str) -> T:
    """``sessions``, which is an ``AsyncSession`` or makes one. Raises ``InvalidArgument`` for what is neither.

    A worker that was given something else would take the error of each call for an outage.
    """
    made: Any = getattr(sessions, "class_", None)  # of a sessionmaker
    blocking = isinstance(made, type) and issubclass(made, Session)
    if blocking or not (isinstance(sessions, AsyncSession) or callable(sessions)):
        raise InvalidArgument(argument, sessions, "give an async_sessionmaker over an engine of create_async_engine()")
    return sessions


@asynccontextmanager
async def short_transaction(sessions: Callable[[], AsyncSession]) -> AsyncGenerator[AsyncSession, None]:
    """A transaction of its own, committed at the end; READ COMMITTED where there are levels.

    That keeps MariaDB from locking the gaps between rows, where others insert, and PostgreSQL from failing conflicts.
    """
    async with writes_first(sessions()) as session, session.begin():
        if session.get_bind().dialect.name != "sqlite":
            await session.connection(execution_options={"isolation_level": "READ COMMITTED"})
        yield session


async def let_go_after(session: AsyncSession, seconds: float) -> None:
    """Let PostgreSQL end this transaction if nothing more is heard of it for so long.

    A process that is stopped in the middle of it would keep its locks for as long as the machine keeps its connection.
    """
    if session.get_bind().dialect.name == "postgresql":
        limit = text("SELECT set_config('idle_in_transaction_session_timeout', :limit, true)")
        await session.execute(limit, {"limit": f"{max(1_000, int(seconds * 1_000))}ms"})


def writes_first(session: AsyncSession) -> AsyncSession:
    """Let each transaction of ``session`` on SQLite take the write lock when it begins.

    A transaction that reads first and writes later fails at once if another one has written in between, and the
    driver would begin none at all before a savepoint, which then commits by itself. On other databases this does
    nothing.
    """
    session.info[_WRITES_FIRST] = True
    return session


# For all engines at once: who is cancelled is not always this package.
event.listen(SQLiteDialect_aiosqlite, "handle_error", close_cursor)


# For all sessions at once: to listen to each for itself costs it more than the question.
@event.listens_for(Session, "after_begin")
def _begin(session: Session, _transaction: Any, connection: Connection) -> None:
    if connection.dialect.name == "sqlite" and _WRITES_FIRST in session.info:
        driver: Any = connection.connection.driver_connection
        if not driver.in_transaction:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
