from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from faststream.kafka import TestKafkaBroker
from faststream.kafka.message import KafkaMessage

from tests.seeds.stand_ins import watch

if TYPE_CHECKING:
    from tests.seeds.program import Run

# FastStream 0.6, which Python 3.14 needs, announces that `auto_commit` will go.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.auto_commit. option was deprecated"),
    pytest.mark.filterwarnings("ignore:AckPolicy.REJECT_ON_ERROR"),
]


@pytest.fixture
def acknowledged(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The bodies of the messages that were acknowledged."""
    acknowledged: list[bytes] = []
    ack = KafkaMessage.ack

    async def noting(message: Any) -> None:
        if not message.committed:  # FastStream 0.5 does it once more after the subscriber, in vain
            acknowledged.append(message.body)
        await ack(message)

    monkeypatch.setattr(KafkaMessage, "ack", noting)
    return acknowledged


async def test_000_09_consumed_event_reaches_its_handler_and_is_acknowledged(
    run: Run, acknowledged: list[bytes]
) -> None:
    program = await run("000_09_faststream")
    handled = watch(program.OnUserCreated)
    async with TestKafkaBroker(program.broker) as broker:
        await broker.publish({"event_name": "user_created", "payload": {"user_id": "ada"}}, "user_events")
    (event,) = handled
    assert event.payload == program.UserCreatedPayload(user_id="ada")
    assert len(acknowledged) == 1


async def test_001_21_consumed_event_is_printed_and_acknowledged(
    run: Run, acknowledged: list[bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    program = await run("001_21_faststream")
    async with TestKafkaBroker(program.broker) as broker:
        await broker.publish({"event_name": "hello", "payload": {"world": "Ada"}}, "hello_world")
    assert capsys.readouterr().out == "Hello Ada\n"
    assert len(acknowledged) == 1


async def test_001_21_message_that_is_no_event_is_acknowledged_and_not_handled(
    run: Run, acknowledged: list[bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    program = await run("001_21_faststream")
    async with TestKafkaBroker(program.broker) as broker:
        await broker.publish(b"\xff no event", "hello_world")
    assert capsys.readouterr().out == ""
    assert acknowledged == [b"\xff no event"]
