"""The connection under a session: the driver's own, and sessions over it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from cqrs._sqlalchemy.dialects import capabilities_of

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

OF_A_UNIT = "cqrs_of_a_unit_of_work"
"""The mark of connections (among their options) and of sessions (in their ``info``) that a unit of work uses."""

REFUSED = "cqrs_refused"
"""Among the options of a connection: the error that keeps the transaction on it from going on."""

_READING = re.compile(
    r"(\s|/\*.*?\*/|--[^\n]*\n)*(\(|SELECT|VALUES|TABLE|SHOW|EXPLAIN|PRAGMA|SET|BEGIN|START|SAVEPOINT|RELEASE|ROLLBACK|WITH(?!.*\b(INSERT|UPDATE|DELETE)\b))",
    re.IGNORECASE | re.DOTALL,
)


async def driver_connection(session: AsyncSession) -> Any:
    """The driver's connection under ``session``, with its transaction and its pending savepoints begun."""
    connection = await session.connection()
    driver: Any = (await connection.get_raw_connection()).driver_connection
    is_in_transaction = getattr(driver, "is_in_transaction", None)  # asyncpg's; SQLAlchemy begins with a statement
    if is_in_transaction is not None and not is_in_transaction():
        await connection.exec_driver_sql("SELECT 1")
    return driver


def session_on(connection: Connection) -> AsyncSession:
    """A session over a connection whose transaction belongs to the caller: closing the session leaves it open."""
    asynchronous: Any = AsyncConnection._retrieve_proxy_for_target(connection)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # there is no public way
    return AsyncSession(
        bind=asynchronous, join_transaction_mode="rollback_only", expire_on_commit=False, info={OF_A_UNIT: True}
    )


def refused(connection: Connection, error: Exception) -> Exception:
    """``error``, for the listener that raises it now, and for every further statement in this transaction.

    For SQLAlchemy the transaction has begun although a listener has raised.
    """
    connection.execution_options(**{REFUSED: error})
    return error


def commits_each_statement(connection: Connection) -> bool:
    """Whether ``connection`` is in AUTOCOMMIT, by its options or by those of its engine."""
    level: object = connection.get_execution_options().get("isolation_level")
    if level is None:
        level = getattr(connection.dialect, "_on_connect_isolation_level", None)
    return level == "AUTOCOMMIT"


def only_reads(connection: Connection, error: Exception) -> None:
    """Let the database refuse writes in the transaction that begins on ``connection``.

    SQLite knows that of connections only, which others get afterwards; there ``error`` is raised before it.
    """
    known = capabilities_of(connection.dialect)
    if known.begin_read_only is not None:
        connection.exec_driver_sql(known.begin_read_only)
    elif not known.read_only_options:  # which the connection has already
        refuse_writes(connection, error)


def refuse_writes(connection: Connection, error: Exception) -> None:
    """Raise ``error`` at each statement on ``connection`` that may write, before the database gets it."""

    def look(_: Any, __: Any, statement: str, ___: Any, context: Any, *____: Any) -> None:
        writes = context is not None and (context.isinsert or context.isupdate or context.isdelete or context.isddl)
        if writes or not _READING.match(statement):
            raise error

    event.listen(connection, "before_cursor_execute", look)
