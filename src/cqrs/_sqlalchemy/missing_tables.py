"""Raises ``MigrationNeeded`` when any statement finds a table of this package missing, or older than this version.

Databases report it by a code, and name the table or the column in the text only.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlalchemy import Engine, event

from cqrs._sqlalchemy.connecting import shown
from cqrs._sqlalchemy.schemas import schema_of
from cqrs.errors.databases import MigrationNeeded
from cqrs.errors.driver_codes import Meaning, meaning_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Table
    from sqlalchemy.engine import ExceptionContext

_OF_TABLES = re.compile(r"\s*(DESC|DESCRIBE|SHOW|ALTER|DROP|CREATE|TRUNCATE|LOCK)\b", re.IGNORECASE)  # or inspects them
_USED = re.compile(r"\b(?:FROM|INTO|UPDATE|JOIN)\s+([\w.\"`]+)", re.IGNORECASE)

_ours: dict[str, tuple[frozenset[str], str]] = {}


def is_ours(*tables: Table, option: str = "") -> None:
    """Register ``tables`` as tables of this package; ``option`` names them for ``python -m cqrs db``."""
    for table in tables:
        _ours[table.name] = frozenset(table.columns.keys()), option


def migration_needed(error: BaseException, statement: str, engine: Engine) -> MigrationNeeded | None:
    """The error to raise in place of a driver's if a table or column of this package is missing, else ``None``."""
    meaning = meaning_of(error)
    if not meaning & (Meaning.NO_TABLE | Meaning.NO_COLUMN) or _OF_TABLES.match(statement):
        return None
    first, *_ = str(error).splitlines() or [""]  # PostgreSQL adds a hint with a similar name
    named = _names(re.findall(r"[\w.]+", first))
    table, column = next(filter(_ours.__contains__, named), None), None
    if Meaning.NO_COLUMN in meaning:
        used = _names(_USED.findall(statement.replace('"', "").replace("`", "")))
        table = table or next(filter(_ours.__contains__, used), None)
        column = None if table is None else next(filter(_ours[table][0].__contains__, named), None)
    if table is None or (column is None and Meaning.NO_COLUMN in meaning):
        return None  # the table or column is the application's
    address, schema = shown(engine.url), schema_of(engine)
    options = _ours[table][1] + ("" if schema is None else f" --schema {schema}")
    return MigrationNeeded(table, address, f"python -m cqrs db upgrade {address}{options}", column)


def _names(found: Iterable[str]) -> list[str]:
    """Without the schemas before them."""
    return [name.rpartition(".")[2] for name in found]


# For all engines at once: a session to which a message was added may be committed by other code than this package.
@event.listens_for(Engine, "handle_error")
def _explain(context: ExceptionContext) -> MigrationNeeded | None:
    engine = context.engine
    if engine is None:
        return None
    return migration_needed(context.original_exception, context.statement or "", engine)
