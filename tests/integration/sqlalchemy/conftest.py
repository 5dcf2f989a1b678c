"""One database of its own for each test, on each server that the machine has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.integration.sqlalchemy.backends import SqlBackend

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path
    from typing import Any


@pytest.fixture
async def postgres_backend(postgres_url: str) -> AsyncIterator[SqlBackend]:
    async for backend in _backend(postgres_url):
        yield backend


@pytest.fixture
async def mariadb_backend(mariadb_url: str) -> AsyncIterator[SqlBackend]:
    async for backend in _backend(mariadb_url):
        yield backend


async def _backend(address: str) -> AsyncIterator[SqlBackend]:
    # The strictest level that users set: what needs less has to ask for it.
    engine = create_async_engine(address, isolation_level="REPEATABLE READ", pool_size=20)
    backend = SqlBackend(engine)
    await backend.create()
    yield backend
    await engine.dispose()


@pytest.fixture
async def sqlite_backend(tmp_path: Path) -> AsyncIterator[SqlBackend]:
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path}/test.db", connect_args={"timeout": 60})

    @event.listens_for(engine.sync_engine, "connect")
    def _settings(connection: Any, _record: Any) -> None:
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma foreign_keys = on")

    backend = SqlBackend(engine)
    await backend.create()
    async with engine.begin() as connection:
        await connection.execute(text("create table parents (id integer primary key)"))
        await connection.execute(
            text("create table children (id integer primary key, parent integer references parents (id))")
        )
    yield backend
    await engine.dispose()
