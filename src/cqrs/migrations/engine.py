"""Brings the tables of this package to a version, by the numbered files in ``migrations``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from cqrs._failpoints import reached
from cqrs._sqlalchemy.connecting import absent_file
from cqrs._sqlalchemy.schemas import in_schema, must_be_a_schema, search_path
from cqrs.errors.databases import MigrationRefused
from cqrs.migrations.lock import MAKE_SCHEMA, alone
from cqrs.migrations.steps import BOOK, MAKE_BOOK, steps_of
from cqrs.migrations.subjects import tables_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from cqrs.migrations.steps import Step

KNOWN = text(f"SELECT subject, table_name, version FROM {BOOK}")  # noqa: S608  # a name of ours


async def upgrade(
    engine: AsyncEngine,
    outbox_table: str | None = None,
    *,
    inbox_table: str | None = None,
    subjects: Collection[str] | None = None,
    schema: str | None = None,
) -> list[str]:
    """Bring the tables of outbox, inbox, leases and log to the newest version; of ``subjects`` only if these are given.

    The outbox is in ``outbox_table``, or where ``OUTBOX_SQLA_TABLE`` says, or in ``outbox``; the inbox in
    ``inbox_table`` or ``inbox``; only PostgreSQL has a log, and schemas: there all are in ``schema``, which is made if
    it is not there, or where the ``search_path`` of the user says. Returns the names of the steps that this call
    applied, such as ``outbox/0001_outbox``.

    Any number of processes may do so at once: one works, the others wait for up to a minute and then find nothing to
    do. On PostgreSQL and SQLite a call that fails or is killed has changed nothing. MariaDB commits each statement;
    call it again and it goes on. A table that is there already is taken as it is: :func:`check` compares it.

    Raises ``DatabaseUnavailable`` if there is no connection, and ``MigrationRefused`` for a database or a name of a
    table that it cannot work with, for a statement that the database refuses, or if another process migrates for more
    than a minute.
    """
    steps = steps_of(engine.dialect.name, tables_of(subjects, outbox_table, inbox_table))
    done: list[str] = []
    async with alone(in_schema(engine, schema)) as connection:
        known = await _versions(connection)
        for step in steps:
            if (step.subject, step.table, step.version) not in known:
                await _run(connection, step, *step.up, step.note)
                done.append(str(step))
    return done


async def downgrade(  # noqa: PLR0913  # which tables, and where
    engine: AsyncEngine,
    outbox_table: str | None = None,
    *,
    to: int = 0,
    inbox_table: str | None = None,
    subjects: Collection[str] | None = None,
    schema: str | None = None,
) -> list[str]:
    """Undo every version above ``to``, the newest first; 0 drops the tables with all that is in them.

    The arguments, what is returned and what is raised are those of :func:`upgrade`. Nobody must use the tables.
    """
    steps = steps_of(engine.dialect.name, tables_of(subjects, outbox_table, inbox_table))
    if absent_file(engine.url) is not None:
        return []
    done: list[str] = []
    async with alone(in_schema(engine, schema)) as connection:
        known = await _versions(connection)
        for step in reversed(steps):
            if step.version > to and (step.subject, step.table, step.version) in known:
                await _run(connection, step, *step.down, step.forget)
                done.append(str(step))
    return done


def sql(  # noqa: PLR0913  # as above
    dialect: str,
    outbox_table: str | None = None,
    *,
    inbox_table: str | None = None,
    subjects: Collection[str] | None = None,
    down: bool = False,
    schema: str | None = None,
) -> str:
    """The statements of all steps for ``sqlite``, ``postgresql`` or ``mariadb``, for a tool of yours to run.

    With ``down`` those that drop everything. It includes the entries of the book-keeping table, so that
    :func:`upgrade` and :func:`check` know afterwards. Run it in one transaction. It needs no connection.
    """
    steps = steps_of(dialect, tables_of(subjects, outbox_table, inbox_table))
    lines = [f"{MAKE_BOOK};"]
    if schema is not None:
        must_be_a_schema(schema, dialect)
        lines = [f"{MAKE_SCHEMA.format(schema=schema)};", f"{search_path(schema)};", *lines]
    for step in reversed(steps) if down else steps:
        statements = (*step.down, step.forget) if down else (*step.up, step.forget, step.note)
        lines += ["", f"-- {step}: {step.table}", *(f"{statement};" for statement in statements)]
    return "\n".join(lines) + "\n"


async def _run(connection: AsyncConnection, step: Step, *statements: str) -> None:
    try:
        for statement in statements:
            await connection.exec_driver_sql(statement)
            reached("migration.executed")
    except DBAPIError as error:
        raise MigrationRefused(step.table, f"the database refuses {step} ({error.orig})") from error


async def _versions(connection: AsyncConnection) -> set[tuple[str, str, int]]:
    await connection.exec_driver_sql(MAKE_BOOK)
    return {(row.subject, row.table_name, row.version) for row in await connection.execute(KNOWN)}
