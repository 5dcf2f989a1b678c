from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.inbox.backends import Database, engine_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture(params=["default", "REPEATABLE READ"])
async def postgres_database(postgres_url: str, request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    """With the isolation that it has by itself, and with a stricter one that users set."""
    async for database in _database(postgres_url, {} if request.param == "default" else {"level": request.param}):
        yield database


@pytest.fixture
async def mariadb_database(mariadb_url: str) -> AsyncIterator[Database]:
    async for database in _database(mariadb_url, {}):
        yield database


@pytest.fixture
async def sqlite_database(tmp_path: Path) -> AsyncIterator[Database]:
    async for database in _database(f"sqlite+aiosqlite:///{tmp_path}/test.db", {}):
        yield database


async def _database(address: str, options: dict[str, str]) -> AsyncIterator[Database]:
    isolation = {"isolation_level": options["level"]} if options else {}
    database = Database(engine_of(address, **isolation))
    await database.create()
    yield database
    await database.engine.dispose()
