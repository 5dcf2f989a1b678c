"""The clock of the database: the only one that all workers share."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from sqlalchemy import Float, FunctionElement, literal
from sqlalchemy.ext.compiler import compiles

from cqrs._sqlalchemy.dialects import capabilities_of
from cqrs._sqlalchemy.types import UtcDateTime

if TYPE_CHECKING:
    from sqlalchemy.sql.compiler import SQLCompiler


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
    return capabilities_of(compiler.dialect).now


@compiles(database_in)
def _later(element: database_in, compiler: SQLCompiler, **options: Any) -> str:
    return capabilities_of(compiler.dialect).later.format(compiler.process(element.clauses, **options))
