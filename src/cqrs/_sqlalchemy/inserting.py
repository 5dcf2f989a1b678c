"""INSERTs of rows that may exist already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Insert
from sqlalchemy.ext.compiler import compiles

from cqrs._sqlalchemy.dialects import MARIADB_NAMES, capabilities_of

if TYPE_CHECKING:
    from sqlalchemy import Table
    from sqlalchemy.engine import Dialect


def insert_new(table: Table, dialect: Dialect) -> Any:
    """An INSERT that leaves out rows whose key exists; it waits for transactions that insert the same key."""
    known = capabilities_of(dialect)
    new = known.insert(table)
    if known.has_on_conflict:
        return new.on_conflict_do_nothing()
    # Not IGNORE, which would also cut what is too long, and warn of every row.
    first, *_ = table.primary_key
    return new.on_duplicate_key_update({first.name: first})


def insert_returning_new(table: Table, dialect: Dialect) -> Any:
    """Like :func:`insert_new`, but a RETURNING has the rows that are new and no others.

    On MariaDB it truncates values that are too long for their column: check the lengths before.
    """
    if capabilities_of(dialect).has_on_conflict:
        return insert_new(table, dialect)
    return _Silent(table).prefix_with("IGNORE")


class _Silent(Insert):
    """An INSERT without warnings on MariaDB: its drivers would log one for each row that exists."""

    inherit_cache = True


@compiles(_Silent, *MARIADB_NAMES)
def _silently(element: _Silent, compiler: Any, **options: Any) -> str:
    return f"SET STATEMENT max_error_count = 0 FOR {compiler.visit_insert(element, **options)}"
