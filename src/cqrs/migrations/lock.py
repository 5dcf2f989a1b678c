"""Lets one process at a time migrate a database."""

from __future__ import annotations

from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError, InvalidRequestError

from cqrs._sqlalchemy.connecting import connected
from cqrs._sqlalchemy.dialects import capabilities_of
from cqrs._sqlalchemy.schemas import schema_of, search_path
from cqrs.errors.databases import MigrationRefused
from cqrs.migrations.book import BOOK, PATIENCE, begin_on_postgresql

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

_PATIENCE = PATIENCE

# Only if it does not exist: a user without the right to make schemas may use one.
MAKE_SCHEMA = "DO $$ BEGIN IF to_regnamespace('{schema}') IS NULL THEN CREATE SCHEMA \"{schema}\"; END IF; END $$"


@asynccontextmanager
async def migrating_alone(engine: AsyncEngine) -> AsyncGenerator[AsyncConnection, None]:
    """Open a connection that migrates while no other process does; what it has done is committed at the end.

    On PostgreSQL and SQLite it is one transaction. MariaDB commits each statement by itself.
    """
    async with connected(engine) as shared:
        connection = await shared.execution_options(isolation_level="AUTOCOMMIT")
        restore: list[str] = []
        known = capabilities_of(engine.dialect)
        after, undo = "COMMIT", "ROLLBACK"
        if not known.has_transactional_ddl:
            before = [f"SELECT GET_LOCK(CONCAT('cqrs:', DATABASE()), {_PATIENCE})"]
            after = undo = "DO RELEASE_LOCK(CONCAT('cqrs:', DATABASE()))"
        elif known.is_file:
            restore = [await _sqlite_patience(connection)]
            before = [f"PRAGMA busy_timeout = {_PATIENCE * 1000}", "BEGIN IMMEDIATE"]
        else:
            before = [*begin_on_postgresql(_PATIENCE), *_enter_schema(schema_of(engine.sync_engine))]
        try:
            await _lock(connection, before)
            yield connection
        except BaseException:
            # Also if the lock was not acquired: the transaction that was begun for it must not go back to the pool.
            await _run_if_possible(connection, undo)
            raise
        else:
            await connection.exec_driver_sql(after)
        finally:
            for statement in restore:
                await _run_if_possible(connection, statement)


def _enter_schema(schema: str | None) -> list[str]:
    return [] if schema is None else [MAKE_SCHEMA.format(schema=schema), search_path(schema)]


async def _run_if_possible(connection: AsyncConnection, statement: str) -> None:
    """Run ``statement``; it is not needed on a lost connection or without a transaction, where it fails."""
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
    """End an open transaction; returns the statement that restores the lock time-out of this connection."""
    patience = (await connection.exec_driver_sql("PRAGMA busy_timeout")).scalar()
    raw = await connection.get_raw_connection()
    if getattr(raw.driver_connection, "in_transaction", False):
        await connection.exec_driver_sql("ROLLBACK")  # a listener of the user has begun one, which holds no lock
    return f"PRAGMA busy_timeout = {patience}"
