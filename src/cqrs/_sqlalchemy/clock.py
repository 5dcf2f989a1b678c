"""The clock of the database: the only one that all workers share."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from sqlalchemy import Float, FunctionElement, cast, literal
from sqlalchemy.ext.compiler import compiles

from cqrs._sqlalchemy.types import UtcDateTime

if TYPE_CHECKING:
    from sqlalchemy.sql.compiler import SQLCompiler


class database_now(FunctionElement[dt.datetime]):  # noqa: N801  # it is written like a function of SQL
    """The time of this statement by the clock of the database, and ``plus`` so many seconds."""

    type = UtcDateTime()
    inherit_cache = True

    def __init__(self, plus: float = 0.0) -> None:
        super().__init__(cast(literal(float(plus)), Float(53)))


@compiles(database_now)
def _standard(element: database_now, compiler: SQLCompiler, **options: Any) -> str:
    raise NotImplementedError(f"no clock for {compiler.dialect.name}")


@compiles(database_now, "postgresql")
def _postgresql(element: database_now, compiler: SQLCompiler, **options: Any) -> str:
    # now() stands still within a transaction
    return f"clock_timestamp() + make_interval(secs => {compiler.process(element.clauses, **options)})"


@compiles(database_now, "mysql")
@compiles(database_now, "mariadb")
def _mysql(element: database_now, compiler: SQLCompiler, **options: Any) -> str:
    return f"UTC_TIMESTAMP(6) + INTERVAL {compiler.process(element.clauses, **options)} SECOND"


@compiles(database_now, "sqlite")
def _sqlite(element: database_now, compiler: SQLCompiler, **options: Any) -> str:
    # SQLite counts milliseconds, and compares times as text: the length must be that of the driver's own texts.
    seconds = compiler.process(element.clauses, **options)
    return f"strftime('%Y-%m-%d %H:%M:%f000', 'now', ({seconds}) || ' seconds')"


class database_clock(FunctionElement[dt.datetime]):  # noqa: N801  # as above
    """The time by the clock of the database, as the default of a column."""

    type = UtcDateTime()
    inherit_cache = True


@compiles(database_clock)
def _default(element: database_clock, compiler: SQLCompiler, **options: Any) -> str:
    del element, options
    name = compiler.dialect.name
    if name == "postgresql":
        return "clock_timestamp()"
    return "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))" if name == "sqlite" else "(UTC_TIMESTAMP(6))"
