"""A part of a batch that failed and could not be undone by itself: nothing of the batch is committed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cqrs.errors import TransactionDoomed, UnitOfWorkStateError, WiringError
from cqrs.events.bootstrap import bootstrap
from cqrs.message_brokers.memory.broker import MemoryMessageBroker
from cqrs.middlewares.transaction import TransactionMiddleware
from cqrs.unit_of_work import current_unit_of_work
from cqrs.unit_of_work.sqlalchemy.unit import SqlAlchemyUnitOfWork
from cqrs.workers.consumer.consumer import Consumer
from tests.helpers.errors import Deliberate
from tests.integration.transactions.consuming import consumed, filled
from tests.integration.transactions.stand import Ordered, note

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.integration.transactions.stand import Service

FAILING = 2


async def swallows(request: Any, handle: Callable[[Any], Awaitable[Any]]) -> Any:
    """A middleware of a user, which turns an error into an answer."""
    try:
        return await handle(request)
    except Deliberate:
        return None


async def test_an_error_that_a_middleware_swallows_takes_its_message_along_and_no_other(stand: Service) -> None:
    async def handle(event: Ordered) -> None:
        await stand.write(str(event.payload))
        if event.payload == FAILING:
            raise Deliberate

    broker = await filled(5)
    await consumed(stand.consumer(broker.source("orders"), handle, middlewares=[swallows]), broker, stand)
    assert sorted(await stand.notes()) == ["0", "1", "3", "4"]


async def test_a_batch_whose_turn_failed_and_was_caught_is_not_committed(stand: Service) -> None:
    turn = TransactionMiddleware(stand.db)

    async def fails(request: Any) -> None:
        await stand.fails(request)()

    with pytest.raises(TransactionDoomed, match="Deliberate"):
        async with stand.db.unit_of_work() as unit:
            with unit.held(whole_batch=True):
                await stand.write("undone")
                with pytest.raises(Deliberate):
                    await turn("undone too", fails)
    assert await stand.notes() == []


async def test_a_turn_within_the_turn_of_a_message_is_undone_alone(stand: Service) -> None:
    async def handle(event: Ordered) -> None:
        await stand.write(f"{event.payload} before")
        with pytest.raises(Deliberate):
            await stand.send(stand.fails(f"{event.payload} undone"))

    broker = await filled(3)
    await consumed(stand.consumer(broker.source("orders"), handle), broker, stand)
    assert sorted(await stand.notes()) == ["0 before", "1 before", "2 before"]


async def test_a_handler_that_opens_a_unit_over_the_session_marks_no_message_as_handled(stand: Service) -> None:
    """It once committed the marks of the whole batch: the others never reached a handler."""
    seen: list[int] = []

    async def handle(event: Ordered) -> None:
        seen.append(event.payload)
        if event.payload == FAILING:
            async with SqlAlchemyUnitOfWork(current_unit_of_work().session):  # type: ignore[union-attr]
                raise AssertionError
        await stand.write(str(event.payload))

    broker = await filled(5)
    await consumed(stand.consumer(broker.source("orders"), handle), broker, stand)
    assert sorted(await stand.notes()) == ["0", "1", "3", "4"]
    assert set(seen) == {0, 1, 2, 3, 4}


async def test_a_handler_that_takes_a_session_of_the_container_parks_its_message_and_loses_nothing(
    stand: Service,
) -> None:
    async def handle(event: Ordered) -> None:
        if event.payload == FAILING:
            async with stand.sessions.begin() as session:
                await note(session, "lost")
        await stand.write(str(event.payload))

    broker = await filled(5)
    await consumed(stand.consumer(broker.source("orders"), handle), broker, stand)
    assert sorted(await stand.notes()) == ["0", "1", "3", "4"]
    (parked,) = await stand.db.inbox.parked.list("billing")
    assert "separate_transaction" in parked.error


async def test_a_handler_that_commits_the_connection_parks_its_message_and_loses_nothing(stand: Service) -> None:
    async def handle(event: Ordered) -> None:
        await stand.write(str(event.payload))
        if event.payload == FAILING:
            await (await stand.db.session.connection()).commit()

    broker = await filled(5)
    await consumed(stand.consumer(broker.source("orders"), handle), broker, stand)
    assert sorted(await stand.notes()) == ["0", "1", "3", "4"]


async def test_a_unit_that_is_held_cannot_be_ended(stand: Service) -> None:
    async with stand.db.unit_of_work() as unit:
        with unit.held():
            await stand.write("one")
            for end in (unit.commit, unit.rollback):
                with pytest.raises(UnitOfWorkStateError, match="also holds other work"):
                    await end()
    assert await stand.notes() == ["one"]


async def test_a_unit_that_was_doomed_can_be_rolled_back(stand: Service) -> None:
    async with stand.db.unit_of_work() as unit:
        await stand.write("undone")
        unit.doom(Deliberate())
        await unit.rollback()
    assert await stand.notes() == []


async def test_a_mediator_with_a_broker_and_no_outbox_is_refused(stand: Service) -> None:
    broker = MemoryMessageBroker()
    mediator = bootstrap(events_mapper=lambda m: m.bind(Ordered, _nothing), message_broker=broker)
    with pytest.raises(WiringError, match="a crash between the commit and the sending"):
        Consumer(broker.source("orders"), mediator, name="billing", database=stand.db)


async def _nothing(event: Ordered) -> None:
    """Handle it."""
