from __future__ import annotations

from typing import TYPE_CHECKING

import cqrs

if TYPE_CHECKING:
    from tests.seeds.program import Run


async def test_001_16_di_gives_what_was_bound_to_the_interfaces(run: Run) -> None:
    program = await run("001_16_di")
    api, outbox = await program.mediator.send(program.Join(user_id="ada"))
    assert type(api) is program.MeetingAPIImplementaion
    assert type(outbox) is cqrs.SqlAlchemyOutboxedEventRepository


async def test_001_16_request_scope_of_di_holds_for_the_command_and_its_events(run: Run) -> None:
    program = await run("001_16_di")
    first, _ = await program.mediator.send(program.Join(user_id="ada"))
    second, _ = await program.mediator.send(program.Join(user_id="bob"))
    assert first.joined == ["ada", "ada was welcomed"]
    assert second.joined == ["bob", "bob was welcomed"]


async def test_001_17_dependency_injector_builds_the_dependencies_of_handlers(run: Run) -> None:
    program = await run("001_17_dependency_injector")
    assert await program.mediator.send(program.Greet(name="Ada")) == "Hello, Ada"
