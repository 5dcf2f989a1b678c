from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.inbox.backends import Database, engine_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def postgres_database(postgres_url: str) -> AsyncIterator[Database]:
    async for database in _database(postgres_url):
        yield database


@pytest.fixture
async def strict_postgres_database(postgres_url: str) -> AsyncIterator[Database]:
    """With a strict isolation level, as some users set it: a transaction that comes too late fails there."""
    async for database in _database(postgres_url, isolation_level="REPEATABLE READ"):
        yield database


@pytest.fixture
async def mariadb_database(mariadb_url: str) -> AsyncIterator[Database]:
    async for database in _database(mariadb_url):
        yield database


@pytest.fixture
async def sqlite_database(tmp_path: Path) -> AsyncIterator[Database]:
    async for database in _database(f"sqlite+aiosqlite:///{tmp_path}/test.db"):
        yield database


async def _database(address: str, **options: str) -> AsyncIterator[Database]:
    database = Database(engine_of(address, **options))
    await database.create()
    yield database
    await database.engine.dispose()
