"""A failed flush undoes its savepoint: code that catches its error and goes on gets an error at the end."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from cqrs.errors import TransactionEnded
from cqrs.requests.fallback import RequestHandlerFallback
from cqrs.unit_of_work import current_unit_of_work
from tests.helpers.errors import Deliberate
from tests.integration.transactions.consuming import consumed, filled
from tests.integration.transactions.stand import Ordered, Run, Told

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.integration.transactions.stand import Service


async def take(stand: Service) -> None:
    """A committed note, so that no other transaction can write it."""
    async with stand.db.transaction():
        await stand.write("taken")


def swallows(stand: Service) -> Callable[[], Awaitable[str]]:
    """Work that goes on after its second write has failed, as if the first one were there."""

    async def work() -> str:
        await stand.write("lost")
        with suppress(IntegrityError):
            await stand.write("taken")
        return "done"

    return work


async def nested_send(stand: Service, work: Any) -> None:
    await stand.send(work)


async def block_of_the_database(stand: Service, work: Any) -> None:
    async with stand.db.transaction():
        await work()


async def savepoint_of_the_session(stand: Service, work: Any) -> None:
    async with stand.db.session.begin_nested():
        await work()


async def begin_of_the_session(stand: Service, work: Any) -> None:
    async with stand.db.session.begin():
        await work()


async def savepoint_of_the_real_session(_: Service, work: Any) -> None:
    unit = current_unit_of_work()
    assert unit is not None
    async with unit.session.begin_nested():
        await work()


async def savepoint_of_the_unit(_: Service, work: Any) -> None:
    unit = current_unit_of_work()
    assert unit is not None
    async with unit.savepoint():
        await work()


async def block_of_the_outbox(stand: Service, work: Any) -> None:
    async with stand.db.outbox as session:
        await work()
        await stand.db.outbox.commit(session)


KINDS = [
    nested_send,
    block_of_the_database,
    savepoint_of_the_session,
    begin_of_the_session,
    savepoint_of_the_real_session,
    savepoint_of_the_unit,
    block_of_the_outbox,
]


@pytest.mark.parametrize("within", KINDS)
async def test_the_end_of_the_savepoint_raises(stand: Service, within: Any) -> None:
    await take(stand)

    async def work() -> None:
        await stand.write("outer")
        await within(stand, swallows(stand))

    with pytest.raises(TransactionEnded, match="IntegrityError") as caught:
        await stand.send(work)
    assert isinstance(caught.value.__cause__, IntegrityError)
    assert await stand.notes() == ["taken"]


@pytest.mark.parametrize("within", KINDS)
async def test_the_rest_of_the_turn_is_committed_if_that_error_is_caught(stand: Service, within: Any) -> None:
    await take(stand)

    async def work() -> None:
        await stand.write("outer")
        with pytest.raises(TransactionEnded):
            await within(stand, swallows(stand))
        await stand.write("after")

    await stand.send(work)
    assert await stand.notes() == ["taken", "outer", "after"]


@pytest.mark.parametrize("within", KINDS)
async def test_the_turn_raises_where_the_savepoint_is_the_first_to_write(stand: Service, within: Any) -> None:
    """There is no savepoint on the database then, so everything is undone."""
    await take(stand)

    async def work() -> None:
        await within(stand, swallows(stand))

    with pytest.raises(TransactionEnded, match="IntegrityError"):
        await stand.send(work)
    assert await stand.notes() == ["taken"]


async def test_the_turn_raises_without_any_savepoint(stand: Service) -> None:
    await take(stand)
    with pytest.raises(TransactionEnded, match="IntegrityError") as caught:
        await stand.send(swallows(stand))
    assert isinstance(caught.value.__cause__, IntegrityError)
    assert await stand.notes() == ["taken"]


@pytest.mark.parametrize("within", KINDS)
async def test_a_savepoint_around_what_may_fail_alone_keeps_the_rest(stand: Service, within: Any) -> None:
    await take(stand)

    async def careful() -> None:
        await stand.write("kept")
        with suppress(IntegrityError):
            async with stand.db.session.begin_nested():
                await stand.write("taken")

    async def work() -> None:
        await stand.write("outer")
        await within(stand, careful)

    await stand.send(work)
    assert await stand.notes() == ["taken", "outer", "kept"]


async def test_a_fallback_takes_over_from_a_primary_that_swallows(stand: Service) -> None:
    async def instead(_: Run) -> str:
        await stand.write("fallback")
        return "fallback"

    async def primary(command: Run) -> Any:
        return await command.work()

    await take(stand)
    mediator = stand.bootstrap(commands_mapper=lambda m: m.bind(Run, RequestHandlerFallback(primary, instead)))
    async with stand.db.transaction():
        await stand.write("outer")
        assert await mediator.send(Run(swallows(stand))) == "fallback"
    assert await stand.notes() == ["taken", "outer", "fallback"]


async def test_a_message_whose_handler_swallows_is_parked(stand: Service) -> None:
    await take(stand)

    async def handle(_: Ordered) -> None:
        await swallows(stand)()

    broker = await filled(1)
    await consumed(stand.consumer(broker.source("orders"), handle), broker, stand)
    (parked,) = await stand.db.inbox.parked.list("billing")
    assert parked.error.startswith("TransactionEnded")
    assert await stand.notes() == ["taken"]


async def test_a_message_whose_handler_swallows_takes_no_other_message_along(stand: Service) -> None:
    await take(stand)

    async def handle(event: Ordered) -> None:
        await (swallows(stand)() if event.payload == 1 else stand.write(str(event.payload)))

    broker = await filled(3)
    await consumed(stand.consumer(broker.source("orders"), handle), broker, stand)
    assert len(await stand.db.inbox.parked.list("billing")) == 1
    assert sorted(await stand.notes()) == ["0", "2", "taken"]


async def test_a_message_for_the_outbox_goes_with_what_was_undone(stand: Service) -> None:
    await take(stand)

    async def inner() -> None:
        stand.db.outbox.add(Told(payload="lost"))
        await swallows(stand)()

    async def work() -> None:
        await stand.write("outer")
        with suppress(TransactionEnded):
            await stand.send(inner)

    await stand.send(work)
    assert (await stand.notes(), await stand.messages()) == (["taken", "outer"], [])


async def test_a_savepoint_that_is_rolled_back_by_hand_raises_nothing(stand: Service) -> None:
    async def work() -> None:
        await stand.write("outer")
        async with stand.db.session.begin_nested() as savepoint:
            await stand.write("undone")
            await savepoint.rollback()

    await stand.send(work)
    assert await stand.notes() == ["outer"]


async def test_an_error_of_the_application_is_raised_whatever_it_was_raised_from(stand: Service) -> None:
    """Only an error of the database itself becomes a ConcurrencyError."""

    async def work() -> None:
        await stand.write("undone")
        raise Deliberate from StaleDataError()

    with pytest.raises(Deliberate):
        await stand.send(work)
    assert await stand.notes() == []
