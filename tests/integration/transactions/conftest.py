"""A stand over a database of its own for each test, on each database."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import NullPool

from tests.helpers.databases import KINDS, SERVERS, for_each
from tests.integration.transactions.stand import Service, engine_at

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator
    from pathlib import Path

address = for_each(KINDS, "url")
server_address = for_each(SERVERS, "url")


@pytest.fixture
async def stand(address: str) -> AsyncIterator[Service]:
    async with stand_at(address) as made:
        yield made


@pytest.fixture
async def server_stand(server_address: str) -> AsyncIterator[Service]:
    async with stand_at(server_address) as made:
        yield made


@pytest.fixture
async def postgres_stand(postgres_url: str) -> AsyncIterator[Service]:
    async with stand_at(postgres_url) as made:
        yield made


@pytest.fixture
async def mariadb_stand(mariadb_url: str) -> AsyncIterator[Service]:
    async with stand_at(mariadb_url) as made:
        yield made


@pytest.fixture
async def sqlite_stand(sqlite_url: str) -> AsyncIterator[Service]:
    async with stand_at(sqlite_url) as made:
        yield made


@pytest.fixture
async def other(tmp_path: Path) -> AsyncIterator[Service]:
    """A second database, of another service."""
    async with stand_at(f"sqlite+aiosqlite:///{tmp_path}/other.db") as made:
        yield made


@asynccontextmanager
async def stand_at(address: str) -> AsyncGenerator[Service, None]:
    """A stand over the empty database at ``address``."""
    made = Service(engine_at(address), engine_at(address, poolclass=NullPool))
    await made.db.upgrade()
    await made.db.create_all()
    yield made
    await made.engine.dispose()
    await made.outside.dispose()
