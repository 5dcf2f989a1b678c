"""The clock of the database: the only one that all workers share."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from sqlalchemy import Float, FunctionElement, literal
from sqlalchemy.ext.compiler import compiles

from cqrs._sqlalchemy.types import UtcDateTime

if TYPE_CHECKING:
    from sqlalchemy.sql.compiler import SQLCompiler

# PostgreSQL: now() stands still within a transaction, and no index can be searched by clock_timestamp(). SQLite counts
# milliseconds and compares times as text, so the length must be that of the driver's own texts.
_NOW = {
    "postgresql": "statement_timestamp()",
    "mysql": "(UTC_TIMESTAMP(6))",
    "mariadb": "(UTC_TIMESTAMP(6))",
    "sqlite": "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))",
}
_LATER = {
    "postgresql": "statement_timestamp() + make_interval(secs => {})",
    "mysql": "UTC_TIMESTAMP(6) + INTERVAL {} SECOND",
    "mariadb": "UTC_TIMESTAMP(6) + INTERVAL {} SECOND",
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f000', 'now', ({}) || ' seconds')",
}


class database_now(FunctionElement[dt.datetime]):  # noqa: N801  # it is written like a function of SQL
    """The time of this statement, or the default of a column, by the clock of the database."""

    type = UtcDateTime()
    inherit_cache = True


class database_in(FunctionElement[dt.datetime]):  # noqa: N801  # as above
    """What :class:`database_now` will be in so many seconds."""

    type = UtcDateTime()
    inherit_cache = True

    def __init__(self, seconds: float) -> None:
        super().__init__(literal(float(seconds), Float(53)))


@compiles(database_now)
def _now(element: database_now, compiler: SQLCompiler, **options: Any) -> str:
    del element, options
    return _NOW[compiler.dialect.name]


@compiles(database_in)
def _later(element: database_in, compiler: SQLCompiler, **options: Any) -> str:
    return _LATER[compiler.dialect.name].format(compiler.process(element.clauses, **options))
