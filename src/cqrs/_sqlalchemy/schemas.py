"""One schema of PostgreSQL for all statements of an engine: each transaction begins with its ``search_path``.

That is set for the transaction only, so the next user of the connection does not inherit it, also behind a pooler. It
applies to hand-written statements, too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, event

from cqrs._sqlalchemy.dialects import capabilities_of
from cqrs._sqlalchemy.driver import commits_each_statement
from cqrs.errors.root import InvalidArgument

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection
    from sqlalchemy.ext.asyncio import AsyncEngine

    from cqrs._sqlalchemy.dialects import Capabilities

_SCHEMA = "cqrs_schema"
_LONGEST = 40  # the name of a channel is made from it


def in_schema(engine: AsyncEngine, schema: str | None) -> AsyncEngine:
    """``engine``, with the same pool, for the tables in ``schema``.

    Raises ``InvalidArgument`` for a name that cannot be one, and for another database than PostgreSQL.
    """
    if schema is None:
        return engine
    must_be_a_schema(schema, capabilities_of(engine.dialect))
    return engine.execution_options(**{_SCHEMA: schema})


def must_be_a_schema(schema: Any, database: Capabilities) -> None:
    """Raise ``InvalidArgument`` for a name that no schema can have, and for a database without schemas."""
    if not isinstance(schema, str) or not re.fullmatch(r"[a-z_][a-z0-9_]*", schema) or len(schema) > _LONGEST:
        form = f"name it with small letters, digits and underscores only, {_LONGEST} at most"
        raise InvalidArgument("schema", schema, form)
    if not database.has_schemas:
        remedy = "only PostgreSQL has schemas: give each tenant a database of its own, that is a URL of its own"
        raise InvalidArgument("schema", schema, remedy)


def schema_of(engine: Engine | Connection) -> str | None:
    """The schema that ``engine`` is for."""
    schema: str | None = engine.get_execution_options().get(_SCHEMA)
    return schema


def search_path(schema: str) -> str:
    """The statement that lets a transaction see this schema alone: a table that is missing there is found nowhere."""
    return f'SET LOCAL search_path TO "{schema}"'


# For all engines at once: to one with other options belong the listeners of the one that it was made from.
@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    schema = schema_of(connection)
    if schema is not None and not commits_each_statement(connection):
        connection.exec_driver_sql(search_path(schema))
