"""The kinds of databases that a test can run on, each as a parameter; `tests/conftest.py` makes the fixtures known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SERVERS = [pytest.param(name, marks=pytest.mark.server) for name in ("postgres", "mariadb")]
KINDS = ["sqlite", *SERVERS]


def for_each(kinds: Sequence[Any], suffix: str) -> Any:
    """A fixture that is, for each kind in turn, the fixture `<kind>_<suffix>`."""

    @pytest.fixture(params=kinds)
    def of_the_kind(request: pytest.FixtureRequest) -> Any:
        return request.getfixturevalue(f"{request.param}_{suffix}")

    return of_the_kind


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The address of an empty SQLite file of this test."""
    (tmp_path / "test.db").touch()
    return f"sqlite+aiosqlite:///{tmp_path}/test.db"


database_url = for_each(KINDS, "url")
"""The address of an empty database of this test, of each kind in turn."""


class OnEachDatabase:
    """Runs a conformance suite for each kind in turn, with the fixture `<kind>_backend` of the folder."""

    @pytest.fixture(params=KINDS)
    def backend(self, request: pytest.FixtureRequest) -> Any:
        return request.getfixturevalue(f"{request.param}_backend")
