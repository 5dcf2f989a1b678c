"""Compares one table of a database with its model."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import Index, text

from cqrs._sqlalchemy.dialects import capabilities_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Column, Connection, Inspector, Table
    from sqlalchemy.engine import Dialect

_COLLATIONS = text(
    "SELECT column_name, collation_name FROM information_schema.columns "
    "WHERE table_schema = DATABASE() AND table_name = :name AND collation_name IS NOT NULL ORDER BY ordinal_position"
)


def table_problems(connection: Connection, inspector: Inspector, table: Table) -> Iterator[str]:
    """What keeps ``table`` from being used, one sentence each."""
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
            yield f"{table.name}: the extra column {name} needs a value: give it a default or let it be NULL"


def _collations(connection: Connection, table: Table, dialect: Dialect) -> Iterator[str]:
    """Columns in which different texts would be equal."""
    exact = capabilities_of(dialect).exact_collation
    if exact is None:
        return
    for name, collation in connection.execute(_COLLATIONS, {"name": table.name}):
        if name in table.columns and collation != exact:
            yield f"{table.name}: the column {name} compares as {collation} and should as {exact}"


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
    """The name of a type in SQL, without collations and display widths, which do not change its values."""
    name = re.sub(r" (COLLATE|CHARACTER SET) \S+", "", kind.compile(dialect=dialect).upper())
    if not capabilities_of(dialect).declares_types:
        name = name.replace("NUMERIC", "BINARY")  # which is how SQLAlchemy reads a type that SQLite does not know
    return re.sub(r"\b((?:SMALL|BIG)INT|INTEGER)\(\d+\)", r"\1", name)


def _is_partial(index: Index, dialect: Dialect) -> bool:
    return capabilities_of(dialect).has_partial_indexes and index.dialect_options[dialect.name]["where"] is not None


def _shape(index: dict[str, Any]) -> tuple[list[str], bool]:
    return index["column_names"], any(option.endswith("_where") for option in index.get("dialect_options", {}))
