"""Compares what a database has with what the models and steps of the subjects describe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import inspect

from cqrs._sqlalchemy.connecting import absent_file, connected
from cqrs._sqlalchemy.schemas import in_schema
from cqrs.migrations.book import BOOK, READ_BOOK
from cqrs.migrations.comparing_routines import routine_problems
from cqrs.migrations.comparing_tables import table_problems
from cqrs.migrations.naming import tables_of
from cqrs.migrations.plan import upward
from cqrs.migrations.steps import steps_of
from cqrs.migrations.subjects import SUBJECTS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Inspector
    from sqlalchemy.ext.asyncio import AsyncEngine

    from cqrs.migrations.book import Book
    from cqrs.migrations.steps import Step


async def check(  # noqa: PLR0913  # which tables, and where
    engine: AsyncEngine,
    outbox_table: str | None = None,
    *,
    inbox_table: str | None = None,
    tables: Mapping[str, str | None] | None = None,
    subjects: Collection[str] | None = None,
    versions: bool = True,
    schema: str | None = None,
) -> list[str]:
    """Find what keeps this version of the package from using the tables, one sentence each; empty if nothing does.

    Tables, columns with their types, primary keys and indexes are compared with the models; functions and sequences
    with the steps that make them, on MariaDB only whether they exist. Other tables, columns and indexes are ignored,
    unless they keep rows from being inserted. Tables without a noted version were made by something else, such as your
    own migrations: for them no step need have been run. ``versions=False`` treats all tables so. The other arguments
    and the errors are those of :func:`upgrade`.

    It reads, and changes nothing: an SQLite file that does not exist is not made.
    """
    if (file := absent_file(engine.url)) is not None:
        return [f"{file}: there is no such file; `python -m cqrs db upgrade` makes it"]
    steps = steps_of(engine.dialect.name, tables_of(subjects, outbox_table, inbox_table, tables))

    def compare(connection: Connection) -> list[str]:
        inspector = inspect(connection)
        late = _late(connection, inspector, steps) if versions else []
        return [*late, *_problems(connection, inspector, steps)]

    async with connected(in_schema(engine, schema)) as connection:
        return await connection.run_sync(compare)


def _late(connection: Connection, inspector: Inspector, steps: Sequence[Step]) -> list[str]:
    """The steps that have not been run, but for tables that something else has made."""
    book: Book = set()
    if inspector.has_table(BOOK):
        book = {(subject, table, version) for subject, table, version in connection.exec_driver_sql(READ_BOOK)}
    noted = {(subject, table) for subject, table, _ in book}
    return [
        f"{step.table}: the migration {step} has not been run"
        for step, _ in upward(steps, book)
        if (step.subject, step.table) in noted or not inspector.has_table(step.table)
    ]


def _problems(connection: Connection, inspector: Inspector, steps: Sequence[Step]) -> Iterator[str]:
    for subject, table in {step.subject: step.table for step in steps}.items():
        for model in SUBJECTS[subject].load_models(table):
            yield from table_problems(connection, inspector, model)
        yield from routine_problems(connection, [step for step in steps if step.subject == subject])
