from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import cqrs

if TYPE_CHECKING:
    from tests.seeds.program import Run


async def test_000_01_command_is_answered_by_its_handler(run: Run) -> None:
    program = await run("000_01_command")
    assert program.result == program.CreateUserResponse(user_id="user_user@example.com")


async def test_000_02_query_is_sent_like_a_command(run: Run) -> None:
    program = await run("000_02_query")
    assert program.user == program.UserDto(user_id="u1", name="Ada")


@pytest.mark.parametrize("name", ["001_01_command_handler", "002_02_command_handler"])
async def test_command_handler_that_sets_events_in_its_constructor_does_its_work(run: Run, name: str) -> None:
    program = await run(name)
    answer = await program.mediator.send(program.JoinMeetingCommand(user_id="ada", meeting_id=7))
    assert answer is None
    assert program.meetings_api.joined == [("ada", 7)]


@pytest.mark.parametrize("name", ["001_02_query_handler", "002_03_query_handler"])
async def test_query_handler_that_sets_events_in_its_constructor_answers(run: Run, name: str) -> None:
    program = await run(name)
    answer = await program.mediator.send(program.ReadMeetingQuery(meeting_id=7))
    assert answer == program.ReadMeetingQueryResult(link="https://meet.example/7", meeting_id=7)


@pytest.mark.parametrize("name", ["001_01_command_handler", "001_02_query_handler"])
async def test_events_of_such_a_handler_stay_readable(run: Run, name: str) -> None:
    program = await run(name)
    handler = next(
        value for key, value in vars(program).items() if key.endswith("Handler") and key != cqrs.RequestHandler.__name__
    )
    assert handler(None).events == []


async def test_001_18_mapping_module_binds_commands_queries_and_events(run: Run) -> None:
    program = await run("001_18_mapping")
    assert await program.mediator.send(program.JoinMeetingCommand(meeting_id=7)) == "joined 7"
    assert await program.mediator.send(program.ReadMeetingQuery(meeting_id=7)) == "read 7"
    for payload in (program.NotificationMeetingRoomClosed, program.ECSTMeetingRoomClosed):
        event = cqrs.NotificationEvent[payload](event_name="closed", payload=payload(meeting_room_id=7))
        await program.event_mediator.send(event)
    assert program.closed == [("notified", 7), ("updated", 7)]


async def test_001_19_bootstrap_runs_on_startup_and_the_mappers(run: Run) -> None:
    program = await run("001_19_bootstrap")
    mediator = program.mediator_factory()
    assert program.story == ["tables mapped"]
    await mediator.send(program.Join(user_id="ada"))
    assert await mediator.send(program.Find(user_id="ada")) == "found ada"
    await program.event_mediator_factory().send(program.Joined(user_id="bob"))
    assert program.story == ["tables mapped", "ada", "tables mapped", "bob"]
    assert program.mediator_factory() is mediator
