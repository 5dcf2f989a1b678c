"""What an outbox holds, from the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

import cqrs
from cqrs.cli.app import app
from cqrs.events.registry import EventRegistry

if TYPE_CHECKING:
    from pathlib import Path

REGISTRY = EventRegistry()
REGISTRY.register(cqrs.NotificationEvent, "told")


@pytest.fixture
async def address(tmp_path: Path) -> str:
    url = f"sqlite+aiosqlite:///{tmp_path}/shop.db"
    async with cqrs.Database(url, registry=REGISTRY) as db:
        await db.upgrade()
        async with db.transaction():
            event = cqrs.NotificationEvent(event_name="told", topic="news", payload="hunter2")
            db.outbox.add(event, key="k [red]", headers={"x": "hunter2"})
            db.outbox.add(cqrs.NotificationEvent(event_name="told", topic="later", payload=1), delay=3600)
    return url


def test_a_look_names_messages_and_what_they_wait_for_and_shows_no_content(address: str) -> None:
    done = CliRunner().invoke(app, ["outbox", "peek", address])
    assert done.exit_code == 0
    first, second = done.stdout.splitlines()
    assert first.startswith("1  waiting  told to news  id ")
    assert first.endswith("key 'k [red]'")
    assert "2  scheduled  told to later  id " in second
    assert "due 20" in second
    assert "hunter2" not in done.stdout


def test_a_look_is_narrowed(address: str) -> None:
    for options, lines in ((["--state", "scheduled"], 1), (["--topic", "news"], 1), (["--after", "2"], 0)):
        done = CliRunner().invoke(app, ["outbox", "peek", address, *options])
        assert (done.exit_code, len(done.stdout.splitlines())) == (0, lines or 1)
        assert (done.stdout == "nothing\n") is (lines == 0)


def test_a_missing_table_is_reported_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    done = CliRunner().invoke(app, ["outbox", "peek", f"sqlite+aiosqlite:///{tmp_path}/empty.db"])
    assert done.exit_code == 2
    assert "db upgrade" in done.stderr
