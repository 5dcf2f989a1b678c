"""Compares the tables of a database with the models."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import Index, inspect, text

from cqrs._sqlalchemy.connecting import absent_file, connected
from cqrs._sqlalchemy.schemas import in_schema
from cqrs._sqlalchemy.types import EXACT_COLLATION
from cqrs.migrations.engine import KNOWN
from cqrs.migrations.steps import BOOK, steps_of
from cqrs.migrations.subjects import SUBJECTS, tables_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sqlalchemy import Column, Connection, Inspector, Table
    from sqlalchemy.engine import Dialect
    from sqlalchemy.ext.asyncio import AsyncEngine

_COLLATIONS = text(
    "SELECT column_name, collation_name FROM information_schema.columns "
    "WHERE table_schema = DATABASE() AND table_name = :name AND collation_name IS NOT NULL ORDER BY ordinal_position"
)


async def check(  # noqa: PLR0913  # which tables, and where
    engine: AsyncEngine,
    outbox_table: str | None = None,
    *,
    inbox_table: str | None = None,
    subjects: Collection[str] | None = None,
    versions: bool = True,
    schema: str | None = None,
) -> list[str]:
    """What keeps the tables from being used by this version of the package, one sentence each; empty if nothing does.

    Tables, columns with their types, primary keys and indexes are compared with the models. What is there beside them
    is not looked at, unless it keeps rows from being inserted. Tables of which no version is noted were made by
    something else, by your own migrations, say: how they are is all that counts. With ``versions=False`` that is so
    for all. The other arguments, and what is raised, are as for :func:`upgrade`.

    It reads, and changes nothing: a file of SQLite that is not there is not made.
    """
    if (file := absent_file(engine.url)) is not None:
        return [f"{file}: there is no such file; `python -m cqrs db upgrade` makes it"]
    tables = tables_of(subjects, outbox_table, inbox_table)
    steps = steps_of(engine.dialect.name, tables)
    here = {step.subject: step.table for step in steps}

    def compare(connection: Connection) -> list[str]:
        inspector = inspect(connection)
        known: set[tuple[str, str, int]] = set()
        if inspector.has_table(BOOK):
            known = {(row.subject, row.table_name, row.version) for row in connection.execute(KNOWN)}
        late = [step for step in steps if versions and (step.subject, step.table, step.version) not in known]
        noted = {(subject, table) for subject, table, _ in known}
        late = [s for s in late if (s.subject, s.table) in noted or not inspector.has_table(s.table)]
        return [
            *(f"{step.table}: the migration {step} has not been run" for step in late),
            *(
                problem
                for subject, name in here.items()
                for table in SUBJECTS[subject].tables(name)
                for problem in _table(connection, inspector, table)
            ),
        ]

    async with connected(in_schema(engine, schema)) as connection:
        return await connection.run_sync(compare)


def _table(connection: Connection, inspector: Inspector, table: Table) -> Iterator[str]:
    dialect = connection.dialect
    if not inspector.has_table(table.name):
        yield f"{table.name}: the table is missing"
        return
    yield from _columns(inspector, table, dialect)
    yield from _collations(connection, table, dialect)
    key = [column.name for column in table.primary_key]
    if inspector.get_pk_constraint(table.name)["constrained_columns"] != key:
        yield f"{table.name}: the primary key should be ({', '.join(key)})"
    present = [_shape(dict(index)) for index in inspector.get_indexes(table.name)]
    for index in sorted(table.indexes, key=lambda index: str(index.name)):
        columns = [column.name for column in index.columns]
        if (columns, _is_partial(index, dialect)) not in present:
            yield f"{table.name}: the index {index.name} on ({', '.join(columns)}) is missing or differs"


def _columns(inspector: Inspector, table: Table, dialect: Dialect) -> Iterator[str]:
    there: dict[str, Any] = {column["name"]: column for column in inspector.get_columns(table.name)}
    for column in table.columns:
        found = there.pop(column.name, None)
        problem = "is missing" if found is None else _difference(column, found, dialect)
        if problem is not None:
            yield f"{table.name}: the column {column.name} {problem}"
    for name, extra in there.items():
        if not extra["nullable"] and extra["default"] is None and not extra.get("computed"):
            yield f"{table.name}: the column {name} is not ours and needs a value: give it a default or let it be NULL"


def _collations(connection: Connection, table: Table, dialect: Dialect) -> Iterator[str]:
    """Where texts that differ would be taken for one."""
    if dialect.name not in {"mysql", "mariadb"}:
        return
    for name, collation in connection.execute(_COLLATIONS, {"name": table.name}):
        if name in table.columns and collation != EXACT_COLLATION:
            yield f"{table.name}: the column {name} compares as {collation} and should as {EXACT_COLLATION}"


def _difference(wanted: Column[Any], found: dict[str, Any], dialect: Dialect) -> str | None:
    kind, actual = _type(wanted.type, dialect), _type(found["type"], dialect)
    if kind != actual:
        return f"is {actual} and should be {kind}"
    if not wanted.primary_key and found["nullable"] != wanted.nullable:
        return f"should be {'NULL' if wanted.nullable else 'NOT NULL'}"
    if wanted.server_default is not None and found["default"] is None:
        return "has no default"
    return None


def _type(kind: Any, dialect: Dialect) -> str:
    """As SQL says it, without what only how it is shown or compared depends on."""
    name = re.sub(r" (COLLATE|CHARACTER SET) \S+", "", kind.compile(dialect=dialect).upper())
    if dialect.name == "sqlite":
        name = name.replace("NUMERIC", "BINARY")  # what a type without a meaning there is read as
    return re.sub(r"\b((?:SMALL|BIG)INT|INTEGER)\(\d+\)", r"\1", name)


def _is_partial(index: Index, dialect: Dialect) -> bool:
    return dialect.name in {"postgresql", "sqlite"} and index.dialect_options[dialect.name]["where"] is not None


def _shape(index: dict[str, Any]) -> tuple[list[str], bool]:
    return index["column_names"], any(option.endswith("_where") for option in index.get("dialect_options", {}))
