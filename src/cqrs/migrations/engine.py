"""Brings the tables of this package to a version, over an engine of SQLAlchemy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from cqrs._failpoints import reached
from cqrs._sqlalchemy.connecting import absent_file
from cqrs._sqlalchemy.dialects import capabilities_named
from cqrs._sqlalchemy.schemas import in_schema, must_be_a_schema, search_path
from cqrs.errors.databases import MigrationRefused
from cqrs.migrations.book import MAKE_BOOK, READ_BOOK
from cqrs.migrations.lock import MAKE_SCHEMA, migrating_alone
from cqrs.migrations.naming import tables_of
from cqrs.migrations.plan import downward, upward
from cqrs.migrations.steps import steps_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from cqrs.migrations.book import Book
    from cqrs.migrations.plan import Work

PLAIN = {"no_parameters": True}
"""An option of statements: a `%` in the body of a function is no place for a parameter."""


async def upgrade(  # noqa: PLR0913  # which tables, and where
    engine: AsyncEngine,
    outbox_table: str | None = None,
    *,
    inbox_table: str | None = None,
    tables: Mapping[str, str | None] | None = None,
    subjects: Collection[str] | None = None,
    schema: str | None = None,
) -> list[str]:
    """Bring the tables of all subjects, or of ``subjects`` only, to the newest version.

    Returns the names of the steps that this call applied, such as ``outbox/0001_outbox``.

    The outbox is in ``outbox_table``, or in the table that ``OUTBOX_SQLA_TABLE`` names, or in ``outbox``; the inbox in
    ``inbox_table`` or ``inbox``; ``tables`` maps any subject that may have another name to that name. Only
    PostgreSQL has a log, and schemas: there all tables are in ``schema``, which is made if it does not exist, or else
    in the first schema of the user's ``search_path``.

    Any number of processes may call it at once: one works, the others wait for up to a minute and then find nothing to
    do. On PostgreSQL and SQLite a call that fails or is killed has changed nothing. MariaDB commits each statement;
    another call continues where that one ended. A table that exists already is taken as it is: :func:`check` compares
    it.

    Raises ``DatabaseUnavailable`` if there is no connection, and ``MigrationRefused`` for a database or the name of a
    table that it cannot work with, for a statement that the database refuses, or if another process migrates for more
    than a minute.
    """
    steps = steps_of(engine.dialect.name, tables_of(subjects, outbox_table, inbox_table, tables))
    async with migrating_alone(in_schema(engine, schema)) as connection:
        return await _run(connection, upward(steps, await _book(connection)))


async def downgrade(  # noqa: PLR0913  # as above
    engine: AsyncEngine,
    outbox_table: str | None = None,
    *,
    to: int = 0,
    inbox_table: str | None = None,
    tables: Mapping[str, str | None] | None = None,
    subjects: Collection[str] | None = None,
    schema: str | None = None,
) -> list[str]:
    """Undo every version above ``to``, the newest first; 0 drops the tables with all rows in them.

    The other arguments, the result and the errors are those of :func:`upgrade`. Nothing may use the tables meanwhile.
    """
    steps = steps_of(engine.dialect.name, tables_of(subjects, outbox_table, inbox_table, tables))
    if absent_file(engine.url) is not None:
        return []
    async with migrating_alone(in_schema(engine, schema)) as connection:
        return await _run(connection, downward(steps, await _book(connection), to=to))


def sql(  # noqa: PLR0913  # as above
    dialect: str,
    outbox_table: str | None = None,
    *,
    inbox_table: str | None = None,
    tables: Mapping[str, str | None] | None = None,
    subjects: Collection[str] | None = None,
    down: bool = False,
    schema: str | None = None,
) -> str:
    """The statements of all steps for ``sqlite``, ``postgresql`` or ``mariadb``, for another tool to run.

    With ``down`` those that drop everything. Run them in one transaction; they can be run again. They note the versions
    in the book-keeping table, so that :func:`upgrade` and :func:`check` find them there. No connection is needed.
    """
    steps = steps_of(dialect, tables_of(subjects, outbox_table, inbox_table, tables))
    lines = [f"{MAKE_BOOK};"]
    if schema is not None:
        must_be_a_schema(schema, capabilities_named(dialect))
        lines = [f"{MAKE_SCHEMA.format(schema=schema)};", f"{search_path(schema)};", *lines]
    for step, statements in downward(steps, None) if down else upward(steps, None):
        lines += ["", f"-- {step}: {step.table}", *(f"{statement};" for statement in statements)]
    return "\n".join(lines) + "\n"


async def _run(connection: AsyncConnection, plan: list[Work]) -> list[str]:
    for step, statements in plan:
        try:
            for statement in statements:
                await connection.exec_driver_sql(statement, execution_options=PLAIN)
                reached("migration.executed")
        except DBAPIError as error:
            raise MigrationRefused(step.table, f"the database refuses {step} ({error.orig})") from error
    return [str(step) for step, _ in plan]


async def _book(connection: AsyncConnection) -> Book:
    await connection.exec_driver_sql(MAKE_BOOK)
    return {(row.subject, row.table_name, row.version) for row in await connection.exec_driver_sql(READ_BOOK)}
