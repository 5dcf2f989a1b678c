from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession  # noqa: TC002  # the container reads the annotations of handlers

import cqrs
from cqrs.errors import (
    InvalidArgument,
    NoOpenTransaction,
    OtherDatabase,
    OtherTask,
    TransactionEnded,
    UnitOfWorkStateError,
    WiringError,
)
from cqrs.events.bootstrap import bootstrap as bootstrap_events
from cqrs.message_brokers.memory.broker import MemoryMessageBroker
from cqrs.message_brokers.protocol import Message
from cqrs.requests.bootstrap import bootstrap
from cqrs.unit_of_work import MemoryUnitOfWork, current_unit_of_work
from tests.helpers.errors import Deliberate
from tests.helpers.waiting import until
from tests.unit.transactions.service import REGISTRY, Run, Service, Told

if TYPE_CHECKING:
    from cqrs import EventRecorder


@pytest.fixture
def service() -> Service:
    return Service()


async def test_a_turn_is_committed_at_its_end(service: Service) -> None:
    async def work(events: EventRecorder) -> None:
        service.write("one")
        events.record(Told(payload="one"))
        assert service.notes == []

    await service.send(work)
    assert (service.notes, await service.messages()) == (["one"], ["one"])


async def test_a_turn_that_fails_is_undone(service: Service) -> None:
    async def work(events: EventRecorder) -> None:
        service.write("undone")
        service.db.outbox.add(Told(payload="undone"))
        raise Deliberate

    with pytest.raises(Deliberate):
        await service.send(work)
    assert (service.notes, await service.messages()) == ([], [])


async def test_a_nested_turn_that_fails_and_is_caught_is_undone_alone(service: Service) -> None:
    async def work(events: EventRecorder) -> None:
        service.write("before")
        with pytest.raises(Deliberate):
            await service.send(service.writes("undone", fails=True))
        service.write("after")

    await service.send(work)
    assert service.notes == ["before", "after"]


async def test_events_recorded_in_an_undone_savepoint_are_dropped(service: Service) -> None:
    async def work(events: EventRecorder) -> None:
        events.record(Told(payload="one"))
        with pytest.raises(Deliberate):
            async with service.db.transaction():
                events.record(Told(payload="undone"))
                raise Deliberate
        events.record(Told(payload="two"))

    await service.send(work)
    assert await service.messages() == ["one", "two"]


async def test_the_session_raises_where_no_transaction_is_open(service: Service) -> None:
    with pytest.raises(NoOpenTransaction):
        service.write("lost")
    with pytest.raises(NoOpenTransaction):
        service.db.outbox.add(Told(payload="lost"))


async def test_the_session_raises_in_another_task(service: Service) -> None:
    async def write() -> None:
        service.write("lost")

    async def work(events: EventRecorder) -> None:
        with pytest.raises(OtherTask):
            await asyncio.create_task(write())

    await service.send(work)
    assert service.notes == []


async def test_the_session_raises_in_the_transaction_of_another_database(service: Service) -> None:
    other = Service()

    async def work(events: EventRecorder) -> None:
        service.write("undone")
        other.write("lost")

    with pytest.raises(OtherDatabase):
        await service.send(work)
    assert (service.notes, other.notes) == ([], [])


async def test_a_second_database_is_written_in_a_transaction_of_its_own(service: Service) -> None:
    other = Service()

    async def work(events: EventRecorder) -> None:
        service.write("here")
        async with other.db.transaction():
            other.write("there")

    await service.send(work)
    assert (service.notes, other.notes) == (["here"], ["there"])


async def test_a_separate_transaction_is_committed_although_the_turn_fails(service: Service) -> None:
    async def work(events: EventRecorder) -> None:
        service.write("undone")
        async with service.db.separate_transaction():
            service.write("kept")
        raise Deliberate

    with pytest.raises(Deliberate):
        await service.send(work)
    assert service.notes == ["kept"]


async def test_a_block_that_was_committed_before_its_end_takes_no_turn(service: Service) -> None:
    with pytest.raises(TransactionEnded):
        async with service.db.transaction() as unit:
            await unit.commit()
            await service.send(service.writes("lost"))
    assert service.notes == []


async def test_a_block_raises_where_the_transaction_of_the_turn_has_ended(service: Service) -> None:
    async def work(events: EventRecorder) -> None:
        await current_unit_of_work().rollback()  # type: ignore[union-attr]
        async with service.db.transaction():
            raise AssertionError

    with pytest.raises(TransactionEnded):
        await service.send(work)


async def test_enlisted_checks_run_before_the_first_write(service: Service) -> None:
    def refuse() -> None:
        raise Deliberate

    async def work(events: EventRecorder) -> None:
        service.write("undone")
        service.db.session.enlist(lambda: None, check=refuse)

    with pytest.raises(Deliberate):
        await service.send(work)
    assert service.notes == []


async def test_a_consumer_marks_and_writes_in_one_transaction(service: Service) -> None:
    async def handle(event: Told) -> None:
        service.write(event.payload)
        service.db.outbox.add(Told(payload=f"about {event.payload}"))

    broker = MemoryMessageBroker()
    mediator = bootstrap_events(events_mapper=lambda m: m.bind(Told, handle), database=service.db)
    for number in range(3):
        event = Told(payload=str(number))
        await broker.send_message(Message("told", "news", event.to_dict(), event.event_id))
    async with cqrs.Consumer(broker.source("news"), mediator, name="reader", database=service.db):
        await until(lambda: len(service.notes) >= 3)
    assert service.notes == ["0", "1", "2"]
    assert await service.messages() == ["about 0", "about 1", "about 2"]


async def test_it_has_the_attributes_of_a_database(service: Service) -> None:
    async with service.db as db:
        assert await db.upgrade() == []
        await db.create_all()
        assert db.registry is REGISTRY
        assert isinstance(db.unit_of_work(), MemoryUnitOfWork)


def test_a_handler_that_asks_for_an_sqlalchemy_session_is_refused(service: Service) -> None:
    async def handle(command: Run, session: AsyncSession) -> None:
        """Never called."""

    with pytest.raises(WiringError, match="AsyncSession"):
        bootstrap(commands_mapper=lambda m: m.bind(Run, handle), database=service.db)


async def test_units_of_two_memory_databases_are_not_nested_savepoints(service: Service) -> None:
    other = Service()

    async def work(events: EventRecorder) -> Any:
        async with other.db.transaction():
            other.write("there")
        assert other.notes == ["there"]
        raise Deliberate

    with pytest.raises(Deliberate):
        await service.send(work)


async def test_a_bus_with_it_has_a_transaction_for_each_command(service: Service) -> None:
    bus = cqrs.CommandBus(database=service.db)
    bus.register(Run, run_without_events)
    with pytest.raises(Deliberate):
        await bus.dispatch(Run(service.writes("undone", fails=True)))
    await bus.dispatch(Run(service.writes("one")))
    assert service.notes == ["one"]


async def run_without_events(command: Run) -> Any:
    return await command.work(cqrs.EventRecorder())


async def test_a_level_that_no_database_has_is_refused(service: Service) -> None:
    with pytest.raises(InvalidArgument):
        service.db.transaction(isolation_level="SNAPSHOT")


async def test_a_unit_of_another_place_is_not_its_own(service: Service) -> None:
    async with MemoryUnitOfWork("elsewhere"):
        with pytest.raises((OtherDatabase, UnitOfWorkStateError)):
            service.write("lost")
