"""Databases for commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

SERVERS = {"postgresql": "postgres_url", "mariadb": "mariadb_url"}


@pytest.fixture(params=["sqlite", *(pytest.param(name, marks=pytest.mark.server) for name in SERVERS)])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of this test, on each kind that there is."""
    if request.param in SERVERS:
        return str(request.getfixturevalue(SERVERS[request.param]))
    (tmp_path / "shop.db").touch()
    return f"sqlite+aiosqlite:///{tmp_path}/shop.db"
