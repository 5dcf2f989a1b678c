"""Each scenario on every database that claims it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.stand import RelayProcesses

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

POSTGRESQL = pytest.param("postgres_url", id="postgresql", marks=pytest.mark.server)
MARIADB = pytest.param("mariadb_url", id="mariadb", marks=pytest.mark.server)
SQLITE = pytest.param("sqlite", id="sqlite")


@pytest.fixture(params=[POSTGRESQL, MARIADB, SQLITE])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/outbox.db"
    url: str = request.getfixturevalue(request.param)
    return url


@pytest.fixture
async def stand(database: str, tmp_path: Path) -> AsyncIterator[RelayProcesses]:
    stand = RelayProcesses(database, tmp_path)
    await stand.start()
    yield stand
    await stand.close()
