"""One at a time, among all processes that migrate a database."""

from __future__ import annotations

from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError, InvalidRequestError

from cqrs._sqlalchemy.connecting import connected
from cqrs._sqlalchemy.schemas import schema_of, search_path
from cqrs.errors.databases import MigrationRefused
from cqrs.migrations.steps import BOOK, PATIENCE, POSTGRESQL_ALONE

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

_PATIENCE = PATIENCE

# Only if it is not there: who may not make schemas may be given one.
MAKE_SCHEMA = "DO $$ BEGIN IF to_regnamespace('{schema}') IS NULL THEN CREATE SCHEMA \"{schema}\"; END IF; END $$"


@asynccontextmanager
async def alone(engine: AsyncEngine) -> AsyncGenerator[AsyncConnection, None]:
    """A connection on which no other process migrates at the same time; committed at the end.

    On PostgreSQL and SQLite it is one transaction. MariaDB commits each statement by itself.
    """
    async with connected(engine) as shared:
        connection = await shared.execution_options(isolation_level="AUTOCOMMIT")
        restore: list[str] = []
        match engine.dialect.name:
            case "postgresql":
                before = ["BEGIN", f"SET LOCAL lock_timeout = '{_PATIENCE}s'"]
                before += [POSTGRESQL_ALONE, *_places(schema_of(engine.sync_engine))]
                after, undo = "COMMIT", "ROLLBACK"
            case "sqlite":
                restore = [await _sqlite_patience(connection)]
                before = [f"PRAGMA busy_timeout = {_PATIENCE * 1000}", "BEGIN IMMEDIATE"]
                after, undo = "COMMIT", "ROLLBACK"
            case _:
                before = [f"SELECT GET_LOCK(CONCAT('cqrs:', DATABASE()), {_PATIENCE})"]
                after = undo = "DO RELEASE_LOCK(CONCAT('cqrs:', DATABASE()))"
        try:
            await _lock(connection, before)
            yield connection
        except BaseException:
            # Also after a lock that was not given: what was begun for it must not go back to the pool.
            await _try(connection, undo)
            raise
        else:
            await connection.exec_driver_sql(after)
        finally:
            for statement in restore:
                await _try(connection, statement)


def _places(schema: str | None) -> list[str]:
    return [] if schema is None else [MAKE_SCHEMA.format(schema=schema), search_path(schema)]


async def _try(connection: AsyncConnection, statement: str) -> None:
    """Run what is not needed on a connection that is lost, or in a transaction that has not begun."""
    with suppress(DBAPIError, InvalidRequestError):
        await connection.exec_driver_sql(statement)


async def _lock(connection: AsyncConnection, statements: list[str]) -> None:
    try:
        for statement in statements:
            answer = await connection.exec_driver_sql(statement)
            if "GET_LOCK" in statement and answer.scalar() != 1:
                raise MigrationRefused(BOOK, f"another process holds the lock for {_PATIENCE} seconds: try again")
    except DBAPIError as error:
        raise MigrationRefused(BOOK, f"it cannot be locked ({error.orig}): try again") from error


async def _sqlite_patience(connection: AsyncConnection) -> str:
    """The statement that restores the setting of this connection, which goes back to a pool."""
    patience = (await connection.exec_driver_sql("PRAGMA busy_timeout")).scalar()
    raw = await connection.get_raw_connection()
    if getattr(raw.driver_connection, "in_transaction", False):
        await connection.exec_driver_sql("ROLLBACK")  # a listener of the user's has begun one, which takes no lock
    return f"PRAGMA busy_timeout = {patience}"
