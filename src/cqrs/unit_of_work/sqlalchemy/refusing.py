"""Step 4: refuses sessions and engines with which a transaction would not be isolated, where they are passed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import SingletonThreadPool, StaticPool
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.orm import sessionmaker

from cqrs._sqlalchemy.connecting import is_in_memory, shown
from cqrs._sqlalchemy.dialects import capabilities_of
from cqrs.errors.root import InvalidArgument

if TYPE_CHECKING:
    from sqlalchemy import URL, Engine

_MAP = "schema_translate_map"
_IN_MEMORY = (
    "SQLite in memory has one connection for everything, so one transaction would commit or undo what others have "
    "written: use a file, one for each test, `sqlite+aiosqlite:///{tmp_path}/test.db`, or cqrs.MemoryDatabase()"
)
_ONE_CONNECTION = (
    "its pool has one connection for everything, so one transaction would commit or undo what others have written: "
    "leave poolclass= to create_async_engine()"
)
_TRANSLATED = (
    f"a {_MAP} is not seen by every statement, and a relay would look into another schema: take it away, and make a "
    "`cqrs.Database(engine, schema=...)` for each schema, over one engine"
)
_SEVERAL = (
    "with binds= one session has a transaction on each engine, and they are not committed together: make an "
    "`async_sessionmaker(engine)` and a Database for each"
)


def must_hold_transactions(sessions: Any, argument: str, *, passed: bool = True) -> None:
    """Raise ``InvalidArgument`` for a session or sessionmaker that cannot; what a function makes is checked later.

    A session that the application passes (``passed``) may have the only connection of its engine, as in a test: units
    of work notice other transactions on it.
    """
    one = isinstance(sessions, AsyncSession)
    made: Any = sessions
    options: Any = {"bind": made.bind, "binds": made.binds} if one else {}
    if isinstance(sessions, (async_sessionmaker, sessionmaker)):
        options = made.kw
    if options.get("binds"):
        raise InvalidArgument(argument, made, _SEVERAL)
    bind = options.get("bind")
    for given in (options.get("execution_options"), _options_of(bind)):
        if given is not None and given.get(_MAP):
            raise InvalidArgument(argument, made, _TRANSLATED)
    if isinstance(bind, AsyncEngine) and not (one and passed):
        must_keep_apart(bind.sync_engine, argument)


def must_keep_apart(engine: Engine, argument: str) -> None:
    """Raise ``InvalidArgument`` for an engine whose sessions share a connection or translate schemas.

    Raises ``DatabaseAddressError`` for a database that is not supported.
    """
    capabilities_of(engine.dialect)
    if engine.get_execution_options().get(_MAP):
        raise InvalidArgument(argument, engine, _TRANSLATED)
    must_not_be_in_memory(engine.url, argument)
    if isinstance(engine.pool, (StaticPool, SingletonThreadPool)):
        raise InvalidArgument(argument, engine, _ONE_CONNECTION)


def must_not_be_in_memory(url: URL, argument: str) -> None:
    """Raise ``InvalidArgument`` for the address of an SQLite database in memory."""
    if is_in_memory(url):
        raise InvalidArgument(argument, shown(url), _IN_MEMORY)


def _options_of(bind: Any) -> Any:
    bound = bind.sync_connection if isinstance(bind, AsyncConnection) else getattr(bind, "sync_engine", None)
    return None if bound is None else bound.get_execution_options()
