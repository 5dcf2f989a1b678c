"""What is parked, from the command line: looked at, replayed, dropped."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, NamedTuple

import pytest
from typer.testing import CliRunner

import cqrs
from cqrs.cli.app import app
from cqrs.envelope import Envelope
from cqrs.errors import MessageRejected
from cqrs.events.registry import EventRegistry
from cqrs.message_brokers.memory.broker import MemoryMessageBroker
from tests.helpers.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqrs.message_brokers.protocol import Message

    Command = Callable[..., "Done"]

REGISTRY = EventRegistry()
REGISTRY.register(cqrs.NotificationEvent, "told")
KEYS = ("red", "blue", None)
BODY = b'{"payload": "hunter2"}'


class Done(NamedTuple):
    """The output and the exit code of a command."""

    returncode: int
    stdout: str
    stderr: str


class Refusing(MemoryMessageBroker):
    """It takes no message."""

    async def send_message(self, message: Message) -> None:
        raise MessageRejected("memory", str(message.message_id), "too [red]\n\x1b[2J for it")


@pytest.fixture
async def shop(address: str) -> str:
    """A database with three parked messages in the outbox and in the inbox of `billing`, one behind the first."""
    async with cqrs.Database(address, registry=REGISTRY) as db:
        await db.upgrade()
        async with db.transaction():
            for key in ("red", *KEYS):
                event = cqrs.NotificationEvent(event_name="told", topic="news", payload="hunter2")
                db.outbox.add(event, key=key, headers={"x": "hunter2"})
        at_once = cqrs.Backoff(first=0.0, longest=0.0)
        async with cqrs.OutboxRelay(db.outbox, Refusing(), cqrs.RelayPolicy(attempts=1, attempt_backoff=at_once)):

            async def all_are_parked() -> bool:
                found = await db.outbox.parked.list()
                return len(found) >= len(KEYS) and bool(found[0].behind)

            await until(all_are_parked)
        for key in ("red", *KEYS):
            envelope = Envelope(message_id=uuid.uuid4(), name="told", topic="news", body=BODY, key=key)
            async with db.transaction():
                await db.inbox.park("billing", envelope, ValueError("too [red]\n\x1b[2J for it"), None)
    return address


@pytest.fixture(params=[(), ("--consumer", "billing")], ids=["outbox", "inbox"])
def parked(shop: str, request: pytest.FixtureRequest) -> Command:
    """Runs a command on the outbox, or on the inbox of `billing`."""

    def run(command: str, *options: str, given: str = "") -> Done:
        done = CliRunner().invoke(app, ["parked", command, shop, *request.param, *options], input=given)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
        assert "hunter2" not in done.stdout + done.stderr
        assert "\x1b[2J" not in done.stdout
        return Done(done.exit_code, done.stdout, done.stderr)

    return run


def numbers(done: Done) -> list[str]:
    """The first words of its lines, which are numbers."""
    assert done.returncode == 0, done
    return [line.split()[0] for line in done.stdout.splitlines()]


def test_a_list_has_a_line_for_each_message_and_is_paged(parked: Command) -> None:
    done = parked("list")
    first, second, third = done.stdout.splitlines()
    assert "told to news  id " in first
    assert "key 'red'  1 behind it  waits for replay or drop  failed once: " in first
    assert first.endswith("too [red]")
    assert "key 'blue'  0 behind it" in second
    assert "key" not in third
    all_of_them = numbers(done)
    assert numbers(parked("list", "--limit", "2")) == all_of_them[:2]
    assert numbers(parked("list", "--limit", "2", "--after", all_of_them[1])) == all_of_them[2:]


def test_a_message_is_shown_with_all_but_its_content(parked: Command) -> None:
    (number, *_) = numbers(parked("list"))
    for option in (("--id", number), ("--key", "red")):
        lines = parked("show", *option).stdout.splitlines()
        assert lines[0] == f"number: {number}"
        assert {"name: told", "topic: news", "key: 'red'", "behind it: 1", "failed: once"} < set(lines)
        assert lines[-1].startswith(r"\x1b[2J for it")


def test_a_replayed_message_is_tried_again_with_those_behind_it(parked: Command) -> None:
    first, _, third = numbers(parked("list"))
    assert parked("replay", "--id", first, "--key", "blue") == Done(0, "replayed 2\n", "")
    left = parked("list").stdout.splitlines()
    assert "waits for replay or drop" in left[-1]
    assert left[-1].startswith(third)
    assert not any("waits for replay or drop" in line for line in left[:-1])  # the inbox keeps them until they are done
    assert parked("replay").returncode == 0
    assert "waits for replay or drop" not in parked("list").stdout


def test_a_message_is_dropped_after_a_yes_and_those_behind_it_go_on(parked: Command, shop: str) -> None:
    first, second, third = numbers(parked("list"))
    asked = parked("drop", "--id", first, "--id", second, given="n\n")
    assert asked.returncode == 1
    assert [line.split()[0] for line in asked.stdout.splitlines()[:2]] == [first, second]
    assert "Drop these 2 messages from the " in asked.stderr
    assert f"/{shop.rpartition('/')[2]}? [y/N]" in asked.stderr
    assert parked("drop", "--id", first).returncode == 1  # no terminal is there to confirm
    assert numbers(parked("list")) == [first, second, third]
    assert parked("drop", "--id", second, given="y\n").stdout.endswith("dropped 1\n")
    assert parked("drop", "--key", "red", "--yes").stdout.endswith("dropped 1\n")
    left = parked("list").stdout
    assert "behind it" in left
    assert "1 behind it" not in left
    assert third in numbers(parked("list"))


@pytest.mark.parametrize("command", ["show", "replay", "drop"])
def test_ids_and_keys_that_are_not_parked_are_named(parked: Command, command: str) -> None:
    number, *_ = numbers(parked("list"))
    done = parked(command, "--id", "999", "--id", number, "--key", "green", *["--yes"] * (command == "drop"))
    assert done.returncode == 1
    first, second = done.stderr.splitlines()
    assert first.startswith("999 is not parked in the ")
    assert second.startswith("key 'green' is not parked in the ")
    assert number in done.stdout or done.stdout == "replayed 1\n"


@pytest.mark.parametrize("command", ["show", "drop"])
def test_no_message_named_is_refused(parked: Command, command: str) -> None:
    done = parked(command)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--id" in done.stderr


def test_nothing_parked_names_where_was_looked(shop: str) -> None:
    done = CliRunner().invoke(app, ["parked", "list", shop, "--consumer", "biling"])
    assert (done.exit_code, done.stdout) == (0, "nothing is parked in the inbox of 'biling'\n")
