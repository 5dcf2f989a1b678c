"""A command that cannot reach its database prints one text without a password, and ends with exit code 2."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import make_url
from typer.testing import CliRunner

from cqrs.cli.app import app

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "tell-nobody"  # noqa: S105  # of no use
LOOKS = [
    ("outbox", "peek"),
    ("parked", "list"),
    ("parked", "list", "--consumer", "billing"),
    ("parked", "show", "--id", "1"),
    ("parked", "replay"),
    ("parked", "replay", "--consumer", "billing"),
    ("parked", "drop", "--id", "1", "--yes"),
    ("parked", "drop", "--consumer", "billing", "--key", "k", "--yes"),
]
COMMANDS = [("db", "check"), *LOOKS]


def refused(command: tuple[str, ...], address: str) -> str:
    """The output of a command that cannot do its work."""
    done = CliRunner().invoke(app, [*command], env={"CQRS_DATABASE_URL": address})
    assert isinstance(done.exception, SystemExit), done.exc_info
    assert (done.exit_code, done.stdout) == (2, "")
    assert SECRET not in done.stderr
    return done.stderr


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_an_unreachable_server_is_reported(command: tuple[str, ...], kind: str) -> None:
    said = refused(command, f"{kind}://me:{SECRET}@127.0.0.1:1/shop")
    assert said.startswith(f"error: No connection to {kind}+")
    assert "://me:***@127.0.0.1:1/shop (" in said


@pytest.mark.server
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("server", ["postgres_url", "mariadb_url"])
def test_a_wrong_database_and_a_wrong_password_are_reported(
    command: tuple[str, ...], server: str, request: pytest.FixtureRequest
) -> None:
    url = make_url(request.getfixturevalue(server))
    missing = url.set(database="nowhere").render_as_string(hide_password=False)
    assert "nowhere" in refused(command, missing).partition("(")[2]  # the answer of the server, too
    stranger = url.set(username="stranger", password=SECRET).render_as_string(hide_password=False)
    assert refused(command, stranger).startswith("error: No connection to ")


@pytest.mark.parametrize("command", LOOKS, ids=" ".join)
def test_a_missing_table_is_reported(command: tuple[str, ...], address: str) -> None:
    said = refused(command, address)
    table = "inbox_" if "--consumer" in command else "outbox"
    assert said.startswith(f"error: There is no table {table}")
    assert "python -m cqrs db upgrade" in said


@pytest.mark.parametrize("command", LOOKS, ids=" ".join)
def test_a_missing_file_is_reported_and_not_created(command: tuple[str, ...], tmp_path: Path) -> None:
    assert "there is no such file" in refused(command, f"sqlite:///{tmp_path}/nope.db")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_file_that_is_no_database_is_reported(command: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no database " * 100)
    assert "file is not a database" in refused(command, f"sqlite:///{tmp_path}/notes.txt")


@pytest.mark.parametrize("command", LOOKS, ids=" ".join)
def test_a_database_in_memory_is_named_as_it_is_written(command: tuple[str, ...]) -> None:
    assert "sqlite+aiosqlite:///:memory:" in refused(command, "sqlite:///:memory:")
