"""Brings the tables of this package to a version, by the numbered files in ``migrations``.

Any number of processes may do so at once: one works, the others wait and then find nothing to do. A table that is there
already is taken as it is.
"""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import text

from cqrs._sqlalchemy.outbox_model import outbox_model
from cqrs.errors import MigrationRefused

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

_PATIENCE = 60  # seconds; a migration of ours takes less
_BOOK = (
    "CREATE TABLE IF NOT EXISTS cqrs_migrations "
    "(subject VARCHAR(128) NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (subject, version))"
)
_KNOWN = text("SELECT version FROM cqrs_migrations WHERE subject = :subject")
_NOTE = text("INSERT INTO cqrs_migrations (subject, version) VALUES (:subject, :version)")
_FORGET = text("DELETE FROM cqrs_migrations WHERE subject = :subject AND version = :version")


class Migration(NamedTuple):
    """One step: the statements there and back, for one table of one kind of database."""

    version: int
    name: str
    up: tuple[str, ...]
    down: tuple[str, ...]


def migrations(dialect: str, table_name: str | None = None) -> list[Migration]:
    """Every step for ``sqlite``, ``postgresql`` or ``mariadb``, from the first on."""
    table: str = table_name or outbox_model().__tablename__
    if not re.fullmatch(r"[A-Za-z_]\w*", table, re.ASCII):
        raise MigrationRefused(table, "name it with letters, digits and underscores only")
    folder = files("cqrs._sqlalchemy") / "migrations" / ("mariadb" if dialect == "mysql" else dialect)
    if not folder.is_dir():
        raise MigrationRefused(table, f"there are no migrations for {dialect}: use SQLite, PostgreSQL or MariaDB")
    found: list[Migration] = []
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        name, _, ending = file.name.partition(".")
        if ending == "up.sql":
            back = folder / f"{name}.down.sql"
            found.append(
                Migration(
                    int(name[:4]),
                    name,
                    _statements(file.read_text("utf-8"), table),
                    _statements(back.read_text("utf-8"), table),
                )
            )
    return found


async def upgrade(engine: AsyncEngine, table_name: str | None = None) -> list[int]:
    """Bring the outbox in ``table_name`` (by default as a repository has it) to the newest version.

    Returns the versions that were applied by this call.
    """
    table: str = table_name or outbox_model().__tablename__
    done: list[int] = []
    steps = migrations(engine.dialect.name, table)
    async with _alone(engine) as connection:
        known = await _versions(connection, table)
        for step in steps:
            if step.version not in known:
                await _run(connection, *step.up)
                await connection.execute(_NOTE, {"subject": table, "version": step.version})
                done.append(step.version)
    return done


async def downgrade(engine: AsyncEngine, to: int, table_name: str | None = None) -> list[int]:
    """Undo every version above ``to``, the newest first; 0 removes the table with all that is in it.

    Returns the versions that were undone by this call.
    """
    table: str = table_name or outbox_model().__tablename__
    done: list[int] = []
    steps = migrations(engine.dialect.name, table)
    async with _alone(engine) as connection:
        known = await _versions(connection, table)
        for step in reversed(steps):
            if step.version > to and step.version in known:
                await _run(connection, *step.down)
                await connection.execute(_FORGET, {"subject": table, "version": step.version})
                done.append(step.version)
    return done


def _statements(text: str, table: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.replace("{table}", table).split(";\n") if part.strip())


async def _run(connection: AsyncConnection, *statements: str) -> None:
    for statement in statements:
        await connection.exec_driver_sql(statement)


async def _versions(connection: AsyncConnection, table: str) -> set[int]:
    await _run(connection, _BOOK)
    return set(await connection.scalars(_KNOWN, {"subject": table}))


@asynccontextmanager
async def _alone(engine: AsyncEngine) -> AsyncGenerator[AsyncConnection, None]:
    """A connection on which no other process migrates at the same time.

    On PostgreSQL and SQLite all steps are one transaction. MariaDB commits each statement by itself; all of ours can be
    run again.
    """
    async with engine.connect() as shared:
        connection = await shared.execution_options(isolation_level="AUTOCOMMIT")
        match engine.dialect.name:
            case "postgresql":
                before = ["BEGIN", "SELECT pg_advisory_xact_lock(7310868735423048)"]
                after, undo = "COMMIT", "ROLLBACK"
            case "sqlite":
                before = [f"PRAGMA busy_timeout = {_PATIENCE * 1000}", "BEGIN IMMEDIATE"]
                after, undo = "COMMIT", "ROLLBACK"
            case _:
                before = [f"SELECT GET_LOCK(CONCAT('cqrs:', DATABASE()), {_PATIENCE})"]
                after = undo = "DO RELEASE_LOCK(CONCAT('cqrs:', DATABASE()))"
        for statement in before:
            answer = await connection.exec_driver_sql(statement)
            if statement.startswith("SELECT GET_LOCK") and answer.scalar() != 1:
                raise MigrationRefused("cqrs_migrations", "another process holds the lock for too long: try again")
        try:
            yield connection
        except BaseException:
            await _run(connection, undo)
            raise
        await _run(connection, after)
