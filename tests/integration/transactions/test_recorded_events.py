"""Events that handlers record: undone with their savepoint, never left unread, and sent with the commit."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import pytest

import cqrs
from cqrs.errors import NoOpenTransaction, UnitOfWorkStateError
from cqrs.events.event_emitter import EventEmitter
from cqrs.mediator import RequestMediator
from cqrs.message_brokers.memory.broker import MemoryMessageBroker
from cqrs.requests.bootstrap import bootstrap
from cqrs.unit_of_work import current_unit_of_work
from cqrs.unit_of_work.sqlalchemy.unit import SqlAlchemyUnitOfWork
from tests.helpers.errors import Deliberate
from tests.integration.transactions.stand import Happened, Record, Run, Told, bind, record

if TYPE_CHECKING:
    from tests.integration.transactions.stand import Service


async def test_a_notification_leaves_with_the_commit_of_its_turn(stand: Service) -> None:
    async def work(events: cqrs.EventRecorder) -> None:
        await stand.write("one")
        events.record(Told(payload="one"))

    await stand.record(work)
    assert (await stand.notes(), await stand.messages()) == (["one"], ["one"])


async def test_a_notification_of_a_turn_that_fails_afterwards_does_not_leave(stand: Service) -> None:
    async def work(events: cqrs.EventRecorder) -> None:
        events.record(Told(payload="lost"), Happened(stand.fails()))

    with pytest.raises(Deliberate):
        await stand.record(work)
    assert await stand.messages() == []


async def test_a_notification_of_a_nested_turn_that_was_undone_does_not_leave(stand: Service) -> None:
    async def inner(events: cqrs.EventRecorder) -> None:
        events.record(Told(payload="undone"), Happened(stand.fails()))

    async def work(events: cqrs.EventRecorder) -> None:
        events.record(Told(payload="one"))
        with pytest.raises(Deliberate):
            await stand.record(inner)
        events.record(Told(payload="two"))

    await stand.record(work)
    assert await stand.messages() == ["one", "two"]


@pytest.mark.parametrize("writes_before", [True, False])
async def test_events_recorded_in_an_undone_savepoint_are_dropped(
    stand: Service,
    writes_before: bool,  # noqa: FBT001  # pytest passes parameters by name
) -> None:
    async def work(events: cqrs.EventRecorder) -> None:
        if writes_before:
            await stand.write("before")
        events.record(Told(payload="one"))
        with pytest.raises(Deliberate):
            async with stand.db.transaction():
                events.record(Told(payload="undone"))
                raise Deliberate
        events.record(Told(payload="two"))

    await stand.record(work)
    assert await stand.messages() == ["one", "two"]


async def test_events_recorded_in_an_undone_savepoint_of_the_session_are_dropped(stand: Service) -> None:
    async def work(events: cqrs.EventRecorder) -> None:
        events.record(Told(payload="one"))
        with pytest.raises(Deliberate):
            async with stand.db.session.begin_nested():
                events.record(Told(payload="undone"))
                await stand.write("undone")
                raise Deliberate

    await stand.record(work)
    assert (await stand.messages(), await stand.notes()) == (["one"], [])


async def test_events_recorded_in_a_savepoint_rolled_back_by_hand_are_dropped(stand: Service) -> None:
    async def work(events: cqrs.EventRecorder) -> None:
        savepoint = await stand.db.session.begin_nested()
        events.record(Told(payload="undone"))
        await savepoint.rollback()
        events.record(Told(payload="one"))

    await stand.record(work)
    assert await stand.messages() == ["one"]


async def test_an_event_that_was_recorded_twice_keeps_what_was_recorded_outside_of_the_savepoint(
    stand: Service,
) -> None:
    same = Told(payload="same")

    async def work(events: cqrs.EventRecorder) -> None:
        events.record(same)
        with pytest.raises(Deliberate):
            async with stand.db.transaction():
                events.record(same)
                raise Deliberate

    await stand.record(work)
    assert await stand.messages() == ["same"]


async def test_a_domain_event_of_an_undone_savepoint_is_not_handled(stand: Service) -> None:
    async def work(events: cqrs.EventRecorder) -> None:
        with pytest.raises(Deliberate):
            async with stand.db.transaction():
                events.record(Happened(stand.writes("undone")))
                raise Deliberate
        events.record(Happened(stand.writes("one")))

    await stand.record(work)
    assert await stand.notes() == ["one"]


async def test_events_recorded_by_the_failed_primary_of_a_fallback_are_dropped(stand: Service) -> None:
    async def primary(request: Run, events: cqrs.EventRecorder) -> str:
        events.record(Told(payload="undone"))
        raise Deliberate

    async def stand_in(request: Run, events: cqrs.EventRecorder) -> str:
        events.record(Told(payload="fallback"))
        return "fallback"

    mediator = stand.bootstrap(commands_mapper=lambda m: m.bind(Run, cqrs.RequestHandlerFallback(primary, stand_in)))
    assert await mediator.send(Run(stand.writes())) == "fallback"
    assert await stand.messages() == ["fallback"]


async def test_a_handler_that_calls_another_handler_raises(stand: Service) -> None:
    """The events of the other handler are never read, so its messages would be lost."""

    class Inner(cqrs.RequestHandler[Run, None]):
        async def handle(self, request: Run) -> None:
            await stand.write("inner")
            self.record(Told(payload="lost"))

    class Outer(cqrs.RequestHandler[Run, None]):
        async def handle(self, request: Run) -> None:
            await Inner().handle(request)

    mediator = stand.bootstrap(commands_mapper=lambda m: m.bind(Run, Outer))
    with pytest.raises(UnitOfWorkStateError, match="Inner has recorded events that are not read"):
        await mediator.send(Run(stand.writes()))
    assert (await stand.notes(), await stand.messages()) == ([], [])


async def test_an_unread_recorder_raises(stand: Service) -> None:
    recorder = cqrs.EventRecorder()

    async def work() -> None:
        await stand.write("undone")
        recorder.record(Told(payload="lost"))

    with pytest.raises(UnitOfWorkStateError, match="are not read"):
        await stand.send(work)
    assert (await stand.notes(), await stand.messages()) == ([], [])


async def test_an_unread_recorder_raises_in_a_transaction_that_touches_no_database(stand: Service) -> None:
    async def work() -> None:
        cqrs.EventRecorder().record(Told(payload="lost"))

    with pytest.raises(UnitOfWorkStateError, match="are not read"):
        await stand.send(work)
    assert await stand.messages() == []


async def test_an_unread_recorder_in_an_undone_savepoint_does_not_prevent_the_commit(stand: Service) -> None:
    async def work() -> None:
        await stand.write("one")
        with pytest.raises(Deliberate):
            async with stand.db.transaction():
                cqrs.EventRecorder().record(Told(payload="undone"))
                raise Deliberate

    await stand.send(work)
    assert await stand.notes() == ["one"]


async def test_a_singleton_handler_that_is_read_in_each_turn_stands_against_none(stand: Service) -> None:
    class Keeping(cqrs.RequestHandler[Run, None]):
        async def handle(self, request: Run) -> None:
            self.record(Told(payload="one"))
            await request.work()

    container = cqrs.Resolver()
    container.bind_instance(Keeping, Keeping())
    mediator = stand.bootstrap(di_container=container, commands_mapper=lambda m: m.bind(Run, Keeping))
    await mediator.send(Run(stand.writes("one")))
    await mediator.send(Run(stand.writes("two")))
    assert (await stand.notes(), await stand.messages()) == (["one", "two"], ["one", "one"])


async def test_a_singleton_handler_sends_nothing_of_a_turn_that_failed(stand: Service) -> None:
    class Keeping(cqrs.RequestHandler[Run, None]):
        async def handle(self, request: Run) -> None:
            self.record(Told(payload="told"))
            await request.work()

    container = cqrs.Resolver()
    container.bind_instance(Keeping, Keeping())
    mediator = stand.bootstrap(di_container=container, commands_mapper=lambda m: m.bind(Run, Keeping))
    with pytest.raises(Deliberate):
        await mediator.send(Run(stand.fails("undone")))
    await mediator.send(Run(stand.writes("two")))
    assert (await stand.notes(), await stand.messages()) == (["two"], ["told"])


@pytest.mark.parametrize("end", ["commit", "rollback"])
async def test_notifications_after_an_early_end_of_the_unit_raise(stand: Service, end: str) -> None:
    """A middleware of the user's opens the unit, and its handler ends it."""
    broker = MemoryMessageBroker()
    mediator = bootstrap(commands_mapper=bind, message_broker=broker)

    async def work(events: cqrs.EventRecorder) -> None:
        await getattr(current_unit_of_work(), end)()
        events.record(Told(payload="lost"))

    async with SqlAlchemyUnitOfWork(stand.sessions):
        with pytest.raises(UnitOfWorkStateError, match="notifications were recorded"):
            await mediator.send(Record(work))
    assert broker.sent == ()


@pytest.mark.parametrize("end", ["commit", "rollback"])
async def test_notifications_before_an_early_end_of_the_unit_do_not_leave(stand: Service, end: str) -> None:
    """They are not read yet: a commit raises, and a rollback takes them along."""
    broker = MemoryMessageBroker()
    mediator = bootstrap(commands_mapper=bind, message_broker=broker)

    async def work(events: cqrs.EventRecorder) -> None:
        events.record(Told(payload="lost"))
        await getattr(current_unit_of_work(), end)()

    async with SqlAlchemyUnitOfWork(stand.sessions):
        with (
            pytest.raises(UnitOfWorkStateError, match="notifications were recorded")
            if end == "commit"
            else nullcontext()
        ):
            await mediator.send(Record(work))
    assert broker.sent == ()


async def test_a_notification_in_an_outbox_without_a_unit_raises(stand: Service) -> None:
    requests = cqrs.RequestMap()
    requests.bind(Record, record)
    mediator = RequestMediator(requests, event_emitter=EventEmitter(outbox=stand.db.outbox))

    async def work(events: Any) -> None:
        events.record(Told(payload="lost"))

    with pytest.raises(NoOpenTransaction, match="Told, which goes into the outbox"):
        await mediator.send(Record(work))
    assert await stand.messages() == []


async def test_an_event_after_the_last_reading_raises(stand: Service) -> None:
    """A handler that keeps its recorder: events recorded after its return are never read."""
    kept: list[cqrs.EventRecorder] = []

    async def work(events: cqrs.EventRecorder) -> None:
        kept.append(events)
        events.record(Happened(late))

    async def late() -> None:
        await stand.write("undone")
        kept[0].record(Told(payload="lost"))

    with pytest.raises(UnitOfWorkStateError, match="are not read"):
        await stand.record(work)
    assert (await stand.notes(), await stand.messages()) == ([], [])
