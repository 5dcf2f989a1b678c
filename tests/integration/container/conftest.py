from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.container.session_wirings import Databases, databases_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def given(tmp_path: Path) -> AsyncIterator[Databases]:
    databases = databases_in(tmp_path)
    for database in (databases.db, databases.other):
        await database.create_all()
    yield databases
    for database in (databases.db, databases.other):
        await database.aclose()
