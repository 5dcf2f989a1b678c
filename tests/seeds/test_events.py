from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aio_pika

from tests.seeds.stand_ins import Crowd, watch

if TYPE_CHECKING:
    import pytest

    from tests.seeds.program import Run


async def test_000_03_domain_event_is_handled_in_the_same_turn(run: Run) -> None:
    program = await run("000_03_domain_events")
    handled = watch(program.OnOrderLineAdded)
    answer = await program.mediator.send(program.CreateOrder(order_id="o1"))
    assert answer == program.OrderCreated()
    assert handled == [program.OrderLineAdded(order_id="o1", sku="sku-1")]


async def test_000_03_at_most_four_domain_handlers_run_in_parallel(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    program = await run("000_03_domain_events")
    crowd = Crowd(program.OnOrderLineAdded, 4)

    async def eight_lines(handler: Any, request: Any) -> None:
        handler.events.extend(program.OrderLineAdded(order_id=request.order_id, sku=f"sku-{n}") for n in range(8))

    monkeypatch.setattr(program.CreateOrderHandler, "handle", eight_lines)
    await program.mediator.send(program.CreateOrder(order_id="o1"))
    assert crowd.most == 4


async def test_001_10_event_handler_runs_after_the_command_handler(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    program = await run("001_10_event_handling")
    await program.mediator.send(program.JoinMeetingCommand(user_id="ada", meeting_id="m1"))
    assert program.STORAGE == {"m1": ["ada"]}
    assert capsys.readouterr().out.splitlines() == [
        "User ada joined meeting m1",
        "Handle user ada joined meeting m1 event",
    ]


async def test_001_12_both_notifications_leave_in_their_order(run: Run) -> None:
    program = await run("001_12_notifications")
    await program.mediator.send(program.JoinMeetingCommand(user_id="ada", meeting_id="m1"))
    assert [(m.topic, m.message_name) for m in program.broker.sent] == [
        ("user_notification_events", "UserJoined"),
        ("user_ecst_events", "UserJoined"),
    ]
    for message in program.broker.sent:
        assert message.payload["payload"] == {"user_id": "ada", "meeting_id": "m1"}
        assert message.message_id == message.payload["event_id"]


async def test_002_01_event_handler_gets_its_dependency_and_the_event(run: Run) -> None:
    program = await run("002_01_event_handler")
    await program.mediator.send(program.UserJoined(meeting_id=7))
    assert program.meetings_api.notices == [(7, "New user joined!")]


async def test_002_04_event_topic_is_the_topic_of_the_message(run: Run) -> None:
    program = await run("002_04_notification")
    await program.mediator.send(program.CloseMeetingRoomCommand(meeting_room_id=7))
    (message,) = program.broker.topic("meeting_room_notifications")
    assert message.message_name == "meeteng_room_closed"
    assert message.payload["payload"] == {"meeting_room_id": 7}


async def test_002_05_mediator_from_its_parts_handles_the_command_and_its_events(
    run: Run, rabbitmq_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RABBITMQ_HOST_OF_THE_TEST", urlsplit(rabbitmq_url).netloc.rpartition("@")[2])
    program = await run("002_05_mediator")
    await program.message_broker.close()
    assert program.welcomed == ["ada"]
    async with await aio_pika.connect(rabbitmq_url) as connection, connection.channel() as channel:
        message = await (await channel.get_queue("user_joined_domain")).get(no_ack=True)
    assert (message.routing_key, message.type) == ("user_joined", "UserJoined")
    assert json.loads(message.body)["payload"] == {"user_id": "ada"}
