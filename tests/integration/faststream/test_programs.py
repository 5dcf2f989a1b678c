"""The consumers of the documents, as they are there, on real Kafka."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest

from cqrs.integrations.faststream import Redelivery
from tests.integration.faststream.service import Handled, load, running

if TYPE_CHECKING:
    from tests.integration.faststream.topic import Topic

# FastStream 0.6, which Python 3.14 needs, announces that `auto_commit` will go.
pytestmark = pytest.mark.filterwarnings("ignore:.*auto_commit:DeprecationWarning", "ignore:AckPolicy:UserWarning")


def user_created(user_id: str) -> object:
    return {"event_name": "user_created", "payload": {"user_id": user_id}}


async def test_event_reaches_its_handler_and_is_acknowledged(topic: Topic) -> None:
    program = load("user_events", topic)
    handled = Handled(program.OnUserCreated)
    async with running(program):
        await topic.send(user_created("ada"))
        await topic.send(user_created("bob"))
        await topic.until_acknowledged(2)
    assert [event.payload.user_id for event in handled.events] == ["ada", "bob"]


@pytest.mark.skipif(
    version("faststream").startswith("0.6."),
    reason="FastStream 0.6 acknowledges what fails under auto_commit=False; with Redelivery it does not",
)
async def test_event_whose_handler_fails_is_not_acknowledged_and_comes_again_after_a_restart(topic: Topic) -> None:
    async with running(load("user_events", topic)):
        await topic.send(user_created("ada"))
        await topic.until_acknowledged(1)
    program = load("user_events", topic)
    handled = Handled(program.OnUserCreated, [OSError("the database is away")])
    async with running(program):
        await topic.send(user_created("bob"))
        await handled.until(1)
    assert await topic.acknowledged() == 1
    program = load("user_events", topic)
    handled = Handled(program.OnUserCreated)
    async with running(program):
        await topic.until_acknowledged(2)
    assert [event.payload.user_id for event in handled.events] == ["bob"]


async def test_with_redelivery_event_whose_handler_fails_comes_again_before_the_next_one(topic: Topic) -> None:
    program = load("user_events", topic)
    program.broker.add_middleware(Redelivery(pause=0))
    handled = Handled(program.OnUserCreated, [OSError("the database is away"), OSError("it is still away")])
    async with running(program):
        await topic.send(user_created("ada"))
        await topic.send(user_created("bob"))
        await topic.until_acknowledged(2)
    assert [event.payload.user_id for event in handled.events] == ["ada", "ada", "ada", "bob"]


async def test_deserialized_event_is_printed_and_acknowledged(topic: Topic, capsys: pytest.CaptureFixture[str]) -> None:
    program = load("hello_world", topic)
    async with running(program):
        await topic.send(None)
        await topic.send({"event_name": "hello", "payload": {"world": "Ada"}})
        await topic.until_acknowledged(2)
    assert "Hello Ada\n" in capsys.readouterr().out
