"""Other transactions within a turn: those that a handler opens itself, and turns of other databases."""

from __future__ import annotations

import uuid
from contextlib import asynccontextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, text

import cqrs
from cqrs.envelope import Envelope
from cqrs.errors import AfterCommitError, OtherDatabase, TransactionDoomed
from cqrs.integrations.faststream import Once
from cqrs.message_brokers.memory.broker import MemoryMessageBroker
from cqrs.requests.bootstrap import bootstrap
from cqrs.unit_of_work import current_unit_of_work
from cqrs.unit_of_work.sqlalchemy.unit import SqlAlchemyUnitOfWork
from tests.helpers.errors import Deliberate
from tests.integration.transactions.consuming import consumed, filled
from tests.integration.transactions.stand import Happened, Note, Ordered, Record, Run, Told, bind, note, react

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from tests.integration.transactions.stand import Service


async def fail_after_the_commit(other: Service) -> None:
    """A transaction of ``other`` that is committed, and whose callback fails then."""

    async def ring() -> None:
        raise Deliberate

    async with other.db.transaction():
        await other.write("there")
        current_unit_of_work().after_commit(ring)  # type: ignore[union-attr]


async def test_a_turn_that_ends_with_the_after_commit_error_of_another_transaction_is_doomed(
    stand: Service, other: Service
) -> None:
    """An AfterCommitError means to its caller that the transaction was committed."""

    async def work() -> None:
        await stand.write("undone")
        await fail_after_the_commit(other)

    with pytest.raises(TransactionDoomed) as caught:
        await stand.send(work)
    assert isinstance(caught.value.__cause__, AfterCommitError)
    assert (await stand.notes(), await other.notes()) == ([], ["there"])


async def test_a_callback_before_the_commit_that_ends_with_such_an_error_dooms_the_turn(
    stand: Service, other: Service
) -> None:
    async def before() -> None:
        await fail_after_the_commit(other)

    async def work() -> None:
        await stand.write("undone")
        current_unit_of_work().before_commit(before)  # type: ignore[union-attr]

    with pytest.raises(TransactionDoomed):
        await stand.send(work)
    assert await stand.notes() == []


@pytest.mark.parametrize("count", [1, 3])
async def test_a_message_whose_handler_ends_with_such_an_error_comes_again(
    stand: Service, other: Service, count: int
) -> None:
    failures = [1]

    async def handle(event: Ordered) -> None:
        await stand.write(f"effect {event.payload}")
        if event.payload == 0 and failures:
            failures.pop()
            await fail_after_the_commit(other)

    broker = await filled(count)
    await consumed(stand.consumer(broker.source("orders"), handle), broker, stand)
    assert failures == []
    assert sorted(await stand.notes()) == [f"effect {number}" for number in range(count)]


async def test_once_does_not_acknowledge_a_message_whose_subscriber_ends_with_such_an_error(
    stand: Service, other: Service
) -> None:
    acknowledged: list[int] = []

    class Arrived:
        committed = None

        async def ack(self) -> None:
            acknowledged.append(1)

    def read(_: object) -> Envelope:
        return Envelope(message_id=uuid.UUID(int=1), name="ordered", topic="orders", body=b"{}")

    async def subscriber(_: object) -> None:
        await stand.write("undone")
        await fail_after_the_commit(other)

    message: Any = Arrived()
    once = Once(database=stand.db, name="billing", read=read)(message)
    with pytest.raises(TransactionDoomed):
        await once.consume_scope(subscriber, message)
    assert (acknowledged, await stand.notes()) == ([], [])


@asynccontextmanager
async def another_database(_: Service, other: Service) -> AsyncGenerator[None]:
    async with other.db.transaction() as session:
        await note(session, "own")
        yield


@asynccontextmanager
async def separately(stand: Service, _: Service) -> AsyncGenerator[None]:
    async with stand.db.separate_transaction() as session:
        await note(session, "own")
        yield


@asynccontextmanager
async def outbox(stand: Service, _: Service) -> AsyncGenerator[None]:
    async with stand.db.outbox as session:
        await note(session, "own")
        yield
        await stand.db.outbox.commit(session)


@asynccontextmanager
async def own_unit(stand: Service, _: Service) -> AsyncGenerator[None]:
    async with SqlAlchemyUnitOfWork(stand.sessions) as unit:
        await note(unit.session, "own")
        yield


OWN = [
    pytest.param(another_database, True, id="another database in a turn"),
    pytest.param(separately, True, id="separately in a turn"),
    pytest.param(outbox, True, id="outbox in a turn"),
    pytest.param(outbox, False, id="outbox"),
    pytest.param(own_unit, False, id="own unit"),
    pytest.param(another_database, False, id="another database"),
]


def mediator_of(stand: Service, *, with_database: bool) -> cqrs.RequestMediator:
    database = {"database": stand.db} if with_database else {}
    return bootstrap(commands_mapper=bind, domain_events_mapper=lambda m: m.bind(Happened, react), **database)


@pytest.mark.parametrize(("own", "with_database"), OWN)
async def test_events_recorded_in_a_transaction_of_the_handler_itself_are_handled(
    stand: Service, other: Service, own: Any, *, with_database: bool
) -> None:
    handled: list[int] = []

    async def seen() -> None:
        handled.append(1)

    async def work(events: cqrs.EventRecorder) -> str:
        async with own(stand, other):
            events.record(Happened(seen))
        return "done"

    assert await mediator_of(stand, with_database=with_database).send(Record(work)) == "done"
    assert handled == [1]
    assert [*await stand.notes(), *await other.notes()] == ["own"]


@pytest.mark.parametrize(("own", "with_database"), OWN)
async def test_events_recorded_in_a_failed_transaction_of_the_handler_itself_are_dropped(
    stand: Service, other: Service, own: Any, *, with_database: bool
) -> None:
    handled: list[int] = []

    async def seen() -> None:
        handled.append(1)

    async def work(events: cqrs.EventRecorder) -> None:
        with pytest.raises(Deliberate):
            async with own(stand, other):
                events.record(Happened(seen))
                raise Deliberate

    await mediator_of(stand, with_database=with_database).send(Record(work))
    assert handled == []


async def test_a_handler_class_may_record_within_async_with_outbox(stand: Service) -> None:
    handled: list[int] = []

    async def seen() -> None:
        handled.append(1)

    class Handler(cqrs.RequestHandler[Run, None]):
        async def handle(self, request: Run) -> None:
            async with stand.db.outbox as session:
                await note(session, "one")
                self.record(Happened(seen))
                await stand.db.outbox.commit(session)

    mediator = bootstrap(
        commands_mapper=lambda m: m.bind(Run, Handler), domain_events_mapper=lambda m: m.bind(Happened, react)
    )
    await mediator.send(Run(seen))
    assert (handled, await stand.notes()) == ([1], ["one"])


async def test_a_session_that_was_brought_begun_writes_nothing_in_the_turn_of_another_database(
    stand: Service, other: Service
) -> None:
    async def write() -> None:
        await note(current_unit_of_work().session, "lost")  # type: ignore[union-attr]

    async with other.sessions() as session:
        await session.scalars(select(Note))
        within = bootstrap(
            commands_mapper=bind, middlewares=[cqrs.TransactionMiddleware(lambda: SqlAlchemyUnitOfWork(session))]
        )
        with pytest.raises(OtherDatabase):
            await stand.send(lambda: within.send(Run(write)))
    assert await other.notes() == []


async def test_a_turn_of_another_database_writes_in_a_transaction_that_its_handler_opens(
    stand: Service, other: Service
) -> None:
    """As the text of OtherDatabase advises."""

    async def write() -> None:
        async with other.db.transaction() as session:
            await note(session, "there")

    await stand.send(lambda: other.send(write))
    assert await other.notes() == ["there"]


@pytest.mark.parametrize("fails", [False, True])
async def test_a_notification_of_another_database_shares_the_fate_of_the_transaction_around(
    stand: Service, other: Service, *, fails: bool
) -> None:
    broker = MemoryMessageBroker()
    within = bootstrap(commands_mapper=bind, message_broker=broker, middlewares=[cqrs.TransactionMiddleware(other.db)])

    async def tell(events: cqrs.EventRecorder) -> None:
        await other.db.session.scalars(select(Note))
        events.record(Told(payload="told"))

    async def work() -> None:
        await within.send(Record(tell))
        assert broker.sent == ()
        if fails:
            raise Deliberate

    with pytest.raises(Deliberate) if fails else nullcontext():
        await stand.send(work)
    assert len(broker.sent) == (0 if fails else 1)


@pytest.mark.parametrize(
    "query",
    [
        "/*+ SeqScan(notes) */ select 1",
        "-- of the report\nselect 1",
        "/* a */ -- b\n /* c */ select 1",
        "with one as (select 1) select * from one",
    ],
    ids=["hint", "line", "several", "with"],
)
async def test_a_turn_of_another_database_may_read_with_any_query(stand: Service, other: Service, query: str) -> None:
    async def read() -> Any:
        return (await stand.db.session.execute(text(query))).scalar()

    assert await other.send(lambda: stand.send(read)) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "/* select */ insert into notes (what) values ('lost')",
        "-- select\ninsert into notes (what) values ('lost')",
        "/* a */ -- b\n insert into notes (what) select 'lost'",
    ],
    ids=["hint", "line", "several"],
)
async def test_a_comment_hides_no_write_in_the_turn_of_another_database(
    stand: Service, other: Service, statement: str
) -> None:
    async def write() -> None:
        await other.db.session.execute(text(statement))

    with pytest.raises(OtherDatabase):
        await stand.send(lambda: other.send(write))
    assert await other.notes() == []
