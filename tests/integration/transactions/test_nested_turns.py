"""Turns within an open unit of work: savepoints, which cost nothing where no database is touched."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

import cqrs
from cqrs.requests.cor_request_handler import CORRequestHandler
from cqrs.requests.fallback import RequestHandlerFallback
from tests.helpers.errors import Deliberate
from tests.integration.transactions.stand import Account, Counted, Happened, Note, Record, Run, Told, bind, run

if TYPE_CHECKING:
    from tests.integration.transactions.stand import Service


async def test_a_nested_turn_is_committed_with_the_outer_one(stand: Service) -> None:
    async def work() -> None:
        await stand.write("outer")
        await stand.send(stand.writes("inner"))
        assert await stand.notes() == []

    await stand.send(work)
    assert await stand.notes() == ["outer", "inner"]


async def test_a_nested_turn_is_undone_with_the_outer_one(stand: Service) -> None:
    async def work() -> None:
        await stand.send(stand.writes("inner"))
        raise Deliberate

    with pytest.raises(Deliberate):
        await stand.send(work)
    assert await stand.notes() == []


async def test_a_nested_turn_that_fails_undoes_the_outer_one_too(stand: Service) -> None:
    async def work() -> None:
        await stand.write("outer")
        await stand.send(stand.fails("inner"))

    with pytest.raises(Deliberate):
        await stand.send(work)
    assert await stand.notes() == []


async def test_a_nested_turn_that_fails_and_is_caught_is_undone_alone(stand: Service) -> None:
    async def work() -> None:
        await stand.write("before")
        with pytest.raises(Deliberate):
            await stand.send(stand.fails("undone"))
        await stand.write("after")

    await stand.send(work)
    assert await stand.notes() == ["before", "after"]


async def test_a_nested_turn_before_the_first_statement_is_undone_alone(stand: Service) -> None:
    async def work() -> None:
        with pytest.raises(Deliberate):
            await stand.send(stand.fails("undone"))
        await stand.write("after")

    await stand.send(work)
    assert await stand.notes() == ["after"]


async def test_objects_pending_before_a_failed_nested_command_are_kept(stand: Service) -> None:

    async def work() -> None:
        stand.db.session.add(Note(what="pending"))
        with pytest.raises(Deliberate):
            await stand.send(stand.fails("undone"))

    await stand.send(work)
    assert await stand.notes() == ["pending"]


async def test_an_attribute_set_before_a_nested_turn_that_is_undone_is_kept(stand: Service) -> None:

    await stand.open_account(100)

    async def work() -> None:
        account = await stand.db.session.get(Account, 1)
        assert account is not None
        account.balance = 90
        with pytest.raises(Deliberate):
            await stand.send(stand.fails("undone"))

    await stand.send(work)
    assert await stand.balance() == 90


async def test_of_two_nested_turns_the_one_that_fails_is_undone_alone(stand: Service) -> None:
    async def work() -> None:
        await stand.send(stand.writes("one"))
        with pytest.raises(Deliberate):
            await stand.send(stand.fails("undone"))
        await stand.send(stand.writes("two"))

    await stand.send(work)
    assert await stand.notes() == ["one", "two"]


async def test_a_nested_turn_takes_along_the_one_within_it(stand: Service) -> None:
    async def middle() -> None:
        await stand.send(stand.writes("undone"))
        await stand.fails("undone too")()

    async def work() -> None:
        await stand.write("one")
        with pytest.raises(Deliberate):
            await stand.send(middle)

    await stand.send(work)
    assert await stand.notes() == ["one"]


async def test_a_turn_within_a_nested_one_is_undone_alone(stand: Service) -> None:
    async def middle() -> None:
        await stand.write("middle")
        with pytest.raises(Deliberate):
            await stand.send(stand.fails("undone"))

    async def work() -> None:
        await stand.write("outer")
        await stand.send(middle)

    await stand.send(work)
    assert await stand.notes() == ["outer", "middle"]


async def test_a_statement_that_fails_in_a_nested_turn_is_undone_alone(stand: Service) -> None:
    async def work() -> None:
        await stand.write("one")
        with pytest.raises(IntegrityError):
            await stand.send(stand.writes("two", "one"))
        await stand.write("three")

    await stand.send(work)
    assert await stand.notes() == ["one", "three"]


async def test_a_nested_turn_that_is_retried_by_hand_is_written_once(stand: Service) -> None:
    tries = []

    async def inner() -> None:
        tries.append(len(tries))
        await stand.write("inner")
        if len(tries) < 3:
            raise Deliberate

    async def work() -> None:
        for _ in range(3):
            with suppress(Deliberate):
                await stand.send(inner)
                break

    await stand.send(work)
    assert (await stand.notes(), tries) == (["inner"], [0, 1, 2])


async def test_a_nested_turn_that_touches_no_database_costs_no_statement(stand: Service) -> None:
    async def nothing() -> str:
        return "nothing"

    async def work() -> int:
        await stand.write("one")
        counted = Counted(stand.engine)
        for _ in range(3):
            await stand.send(nothing)
        return len(counted.statements)

    assert await stand.send(work) == 0
    assert await stand.notes() == ["one"]


async def test_a_nested_turn_that_fails_and_touches_no_database_costs_no_statement(stand: Service) -> None:
    async def work() -> int:
        await stand.write("one")
        counted = Counted(stand.engine)
        with pytest.raises(Deliberate):
            await stand.send(stand.fails())
        return len(counted.statements)

    assert await stand.send(work) == 0
    assert await stand.notes() == ["one"]


async def test_a_turn_that_touches_no_database_takes_no_connection(stand: Service) -> None:
    async def nothing() -> None:
        await stand.send(stand.writes())

    counted = Counted(stand.engine)
    await stand.send(nothing)
    with pytest.raises(Deliberate):
        await stand.send(stand.fails())
    assert (counted.connections, counted.statements) == (0, [])


async def test_a_turn_takes_one_connection(stand: Service) -> None:
    async def work() -> None:
        await stand.write("one")
        await stand.send(stand.writes("two"))

    counted = Counted(stand.engine)
    await stand.send(work)
    assert counted.connections == 1
    assert await stand.notes() == ["one", "two"]


async def test_a_message_that_was_added_in_a_nested_turn_is_undone_with_it(stand: Service) -> None:
    async def inner() -> None:
        stand.db.outbox.add(Told(payload="undone"))
        raise Deliberate

    async def work() -> None:
        stand.db.outbox.add(Told(payload="one"))
        with pytest.raises(Deliberate):
            await stand.send(inner)
        stand.db.outbox.add(Told(payload="two"))

    await stand.send(work)
    assert await stand.messages() == ["one", "two"]


async def test_a_command_of_an_event_handler_is_part_of_the_turn(stand: Service) -> None:
    async def work(events: cqrs.EventRecorder) -> None:
        await stand.write("handler")
        events.record(Happened(lambda: stand.send(stand.writes("command"))))

    await stand.record(work)
    assert await stand.notes() == ["handler", "command"]


async def test_a_command_of_an_event_handler_that_fails_undoes_the_turn(stand: Service) -> None:
    async def work(events: cqrs.EventRecorder) -> None:
        await stand.write("handler")
        events.record(Happened(lambda: stand.send(stand.fails("command"))))

    with pytest.raises(Deliberate):
        await stand.record(work)
    assert await stand.notes() == []


async def test_a_query_of_a_command_reads_what_that_has_written(stand: Service) -> None:

    async def query() -> list[str]:
        return list(await stand.db.session.scalars(select(Note.what)))

    async def work() -> Any:
        await stand.write("one")
        return await stand.send(query)

    assert await stand.send(work) == ["one"]


async def test_a_turn_within_a_block_is_a_savepoint_of_it(stand: Service) -> None:
    async with stand.db.transaction():
        await stand.write("block")
        with pytest.raises(Deliberate):
            await stand.send(stand.fails("undone"))
        await stand.send(stand.writes("turn"))
        assert await stand.notes() == []
    assert await stand.notes() == ["block", "turn"]


async def test_a_block_within_a_turn_is_a_savepoint_of_it(stand: Service) -> None:
    async def work() -> None:
        await stand.write("turn")
        with pytest.raises(Deliberate):
            async with stand.db.transaction():
                await stand.write("undone")
                raise Deliberate
        async with stand.db.transaction():
            await stand.write("block")
        assert await stand.notes() == []

    await stand.send(work)
    assert await stand.notes() == ["turn", "block"]


async def test_a_turn_in_a_block_that_was_committed_before_its_end_raises(stand: Service) -> None:
    async with stand.db.unit_of_work() as unit:
        await stand.write("one")
        await unit.commit()
        with pytest.raises(cqrs.errors.TransactionEnded):
            await stand.send(stand.writes("lost"))
        with pytest.raises(cqrs.errors.TransactionEnded):
            async with stand.db.transaction():
                raise AssertionError
    assert await stand.notes() == ["one"]


class First(CORRequestHandler[Run, Any]):
    """Tries the rest of the chain, and answers itself if that fails."""

    async def handle(self, request: Run) -> Any:
        try:
            return await self.next(request)
        except Deliberate:
            return "first"


class Second(CORRequestHandler[Run, Any]):
    async def handle(self, request: Run) -> Any:
        return await request.work()


async def test_a_chain_member_that_wrote_and_raised_is_undone_alone(stand: Service) -> None:
    mediator = stand.bootstrap(commands_mapper=lambda m: m.bind(Run, [First, Second]))
    async with stand.db.transaction():
        await stand.write("before")
        assert await mediator.send(Run(stand.fails("undone"))) == "first"
    assert await stand.notes() == ["before"]


async def test_a_chain_member_that_is_first_to_write_and_raises_is_undone_alone(stand: Service) -> None:
    mediator = stand.bootstrap(commands_mapper=lambda m: m.bind(Run, [First, Second]))
    assert await mediator.send(Run(stand.fails("undone"))) == "first"
    assert await stand.notes() == []


async def test_the_primary_of_a_fallback_that_wrote_and_raised_is_undone(stand: Service) -> None:
    async def stand_in(request: Run) -> str:
        await stand.write("fallback")
        return "fallback"

    mediator = stand.bootstrap(commands_mapper=lambda m: m.bind(Run, RequestHandlerFallback(run, stand_in)))
    assert await mediator.send(Run(stand.fails("undone"))) == "fallback"
    assert await stand.notes() == ["fallback"]


async def test_an_event_handler_with_a_fallback_that_wrote_and_raised_is_undone(stand: Service) -> None:
    async def primary(event: Happened) -> None:
        await stand.fails("undone")()

    async def stand_in(event: Happened) -> None:
        await stand.write("fallback")

    mediator = stand.bootstrap(
        commands_mapper=bind,
        domain_events_mapper=lambda m: m.bind(Happened, cqrs.EventHandlerFallback(primary, stand_in)),
    )

    async def work(events: cqrs.EventRecorder) -> None:
        await stand.write("handler")
        events.record(Happened(stand.writes()))

    await mediator.send(Record(work))
    assert await stand.notes() == ["handler", "fallback"]
