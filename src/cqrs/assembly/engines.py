"""Assembly: makes or finds the engine of a database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker

from cqrs._arguments import Needed, check
from cqrs._sqlalchemy.connecting import engine_at, shown, url_at
from cqrs._sqlalchemy.dialects import capabilities_named, capabilities_of
from cqrs._sqlalchemy.schemas import in_schema, must_be_a_schema
from cqrs._sqlalchemy.transactions import READ_COMMITTED
from cqrs.errors.databases import DatabaseAddressError
from cqrs.unit_of_work.sqlalchemy.refusing import must_hold_transactions, must_keep_apart, must_not_be_in_memory
from cqrs.unit_of_work.sqlalchemy.source import SessionSource

if TYPE_CHECKING:
    from sqlalchemy import URL

_SOURCE = Needed("a URL, an engine of create_async_engine(), or an async_sessionmaker over one", kind=str)


def must_be_a_database(source: Any, schema: str | None) -> None:
    """Raise ``InvalidArgument`` if ``source`` cannot be used, as far as that is known before anything connects."""
    if isinstance(source, AsyncEngine):
        must_keep_apart(source.sync_engine, "source")
    elif isinstance(source, async_sessionmaker):
        must_hold_transactions(source, "source")
    elif not isinstance(source, str):
        check("source", source, _SOURCE)
    elif (url := _readable(source)) is not None:
        must_not_be_in_memory(url, "source")
        if schema is not None:
            must_be_a_schema(schema, capabilities_named(url.get_backend_name(), shown(url)))
    if schema is not None and not isinstance(source, str):
        in_schema(engine_of(source), schema)


def engine_of(source: Any, schema: str | None = None) -> AsyncEngine:
    """Return the engine, for the tables in ``schema``; for a URL a new one. Raises ``DatabaseAddressError``."""
    if isinstance(source, AsyncEngine):
        return in_schema(source, schema)
    if not isinstance(source, str):
        return in_schema(SessionSource(source).engine(), schema)
    made = engine_at(source)
    if capabilities_of(made.dialect).can_set(READ_COMMITTED):
        made = made.execution_options(isolation_level=READ_COMMITTED)
    return in_schema(made, schema)


def _readable(address: str) -> URL | None:
    try:
        return url_at(address)
    except DatabaseAddressError:  # raised at the first use: a module may name a database that it never uses
        return None
