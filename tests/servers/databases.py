"""A database for one test, on a server that others share."""

from __future__ import annotations

import uuid
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from sqlalchemy import URL

_DRIVERS = {"postgresql": "postgresql+asyncpg", "mariadb": "mariadb+asyncmy"}
_DROP = {"postgresql": "drop database {} with (force)", "mariadb": "drop database {}"}


@asynccontextmanager
async def database(server: str) -> AsyncGenerator[str, None]:
    """The address, for SQLAlchemy, of a new and empty database on the server with the address `server`."""
    url = make_url(server)
    kind = url.drivername
    url = url.set(drivername=_DRIVERS[kind])
    name = f"t_{uuid.uuid4().hex[:12]}"
    await _execute(url, f"create database {name}")
    try:
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        await _execute(url, _DROP[kind].format(name))


async def _execute(url: URL, statement: str) -> None:
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()
