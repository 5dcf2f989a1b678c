"""An empty database for each test, of each kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from tests.helpers.databases import KINDS, for_each

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy.ext.asyncio import AsyncEngine

address = for_each(KINDS, "url")


@pytest.fixture
async def engine(address: str) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(address)
    yield engine
    await engine.dispose()
