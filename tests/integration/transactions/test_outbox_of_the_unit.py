"""Outboxes, inboxes and sessions that are not those of the open transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, text

import cqrs
from cqrs.errors import NoOpenTransaction, OtherDatabase, SecondTransaction, UnitOfWorkStateError, WiringError
from cqrs.events.bootstrap import bootstrap as bootstrap_events
from cqrs.inbox.sqlalchemy.repository import SqlAlchemyInboxRepository
from cqrs.middlewares.transaction import TransactionMiddleware
from cqrs.outbox.sqlalchemy.repository import SqlAlchemyOutboxedEventRepository
from cqrs.requests.bootstrap import bootstrap
from cqrs.unit_of_work import current_unit_of_work
from cqrs.unit_of_work.sqlalchemy.unit import SqlAlchemyUnitOfWork
from tests.helpers.errors import Deliberate
from tests.integration.transactions.consuming import filled
from tests.integration.transactions.stand import REGISTRY, Base, Note, Ordered, Record, Run, Told, bind, note

if TYPE_CHECKING:
    from tests.integration.transactions.stand import Service


async def test_an_outbox_of_another_engine_takes_nothing_in_a_turn(stand: Service, other: Service) -> None:
    async def work() -> None:
        await stand.write("undone")
        other.db.outbox.add(Told(payload="lost"))

    with pytest.raises(OtherDatabase, match="This outbox"):
        await stand.send(work)
    assert (await stand.notes(), await other.messages()) == ([], [])


async def test_async_with_an_outbox_of_another_engine_raises_in_a_turn(stand: Service, other: Service) -> None:
    async def work() -> None:
        async with other.db.outbox as session:
            other.db.outbox.add(session, Told(payload="lost"))
            await other.db.outbox.commit(session)

    with pytest.raises(OtherDatabase):
        await stand.send(work)
    assert await other.messages() == []


async def test_an_outbox_of_another_engine_takes_a_message_in_a_transaction_of_its_own(
    stand: Service, other: Service
) -> None:
    async def work() -> None:
        async with other.db.transaction():
            other.db.outbox.add(Told(payload="there"))
        stand.db.outbox.add(Told(payload="here"))

    await stand.send(work)
    assert (await stand.messages(), await other.messages()) == (["here"], ["there"])


async def test_a_message_for_another_session_than_that_of_the_transaction_raises(stand: Service) -> None:
    async def work() -> None:
        async with stand.sessions() as session:
            stand.db.outbox.add(session, Told(payload="lost"))

    with pytest.raises(SecondTransaction, match="another session"):
        await stand.send(work)
    assert await stand.messages() == []


async def test_a_message_for_the_session_of_the_transaction_around_a_separate_one_raises(stand: Service) -> None:
    """The two would be committed apart: the call must name the one that is meant."""

    async def work() -> None:
        around = current_unit_of_work().session  # type: ignore[union-attr]
        async with stand.db.separate_transaction():
            stand.db.outbox.add(around, Told(payload="lost"))

    with pytest.raises(SecondTransaction, match="another session"):
        await stand.send(work)
    assert await stand.messages() == []


async def test_a_message_for_the_session_of_the_transaction_is_part_of_it(stand: Service) -> None:
    async def work() -> None:
        stand.db.outbox.add(stand.db.session, Told(payload="one"))
        stand.db.outbox.add(current_unit_of_work().session, Told(payload="two"))  # type: ignore[union-attr]

    await stand.send(work)
    assert await stand.messages() == ["one", "two"]


async def test_a_message_for_a_session_over_another_engine_raises(stand: Service, other: Service) -> None:
    async with other.sessions() as session:
        with pytest.raises(OtherDatabase):
            stand.db.outbox.add(session, Told(payload="lost"))
        await session.commit()
    assert (await stand.messages(), await other.messages()) == ([], [])


async def test_async_with_the_outbox_within_a_turn_is_part_of_it(stand: Service) -> None:
    async def work() -> None:
        async with stand.db.outbox as session:
            await note(session, "undone")
            stand.db.outbox.add(session, Told(payload="undone"))
            await stand.db.outbox.commit(session)
        raise Deliberate

    with pytest.raises(Deliberate):
        await stand.send(work)
    assert (await stand.notes(), await stand.messages()) == ([], [])


async def test_async_with_the_outbox_outside_of_turns_is_a_transaction(stand: Service) -> None:
    async with stand.db.outbox as session:
        await note(session, "one")
        stand.db.outbox.add(session, Told(payload="one"))
        await stand.db.outbox.commit(session)
    assert (await stand.notes(), await stand.messages()) == (["one"], ["one"])


async def test_a_message_outside_of_turns_raises(stand: Service) -> None:
    with pytest.raises(NoOpenTransaction, match="A message for the outbox"):
        stand.db.outbox.add(Told(payload="lost"))


async def test_an_outbox_over_sessions_of_the_same_engine_joins(stand: Service) -> None:
    """The form of before ``Database``: it finds the open transaction by its engine."""
    outbox = SqlAlchemyOutboxedEventRepository(stand.sessions, registry=REGISTRY)

    async def work() -> None:
        outbox.add(Told(payload="one"))
        await stand.write("one")

    await stand.send(work)
    assert (await stand.messages(), await stand.notes()) == (["one"], ["one"])


async def test_an_inbox_of_another_engine_raises(stand: Service, other: Service) -> None:
    broker = await filled(1)
    async with broker.source("orders") as source:
        (delivery,) = await source.receive(1, 1.0)
        async with stand.db.unit_of_work():
            with pytest.raises(OtherDatabase, match="This inbox"):
                await other.db.inbox.accept("billing", [delivery.envelope])
        await delivery.nack()


async def test_a_consumer_whose_inbox_is_of_another_database_ends_with_an_error(stand: Service, other: Service) -> None:
    handled: list[int] = []

    async def handle(event: Ordered) -> None:
        handled.append(event.payload)

    broker = await filled(1)
    consumer = cqrs.Consumer(
        broker.source("orders"),
        bootstrap_events(events_mapper=lambda m: m.bind(Ordered, handle)),
        name="billing",
        inbox=SqlAlchemyInboxRepository(other.sessions),
        unit_of_work=lambda: SqlAlchemyUnitOfWork(stand.sessions),
        registry=REGISTRY,
    )
    with pytest.raises(UnitOfWorkStateError):
        await consumer.run()
    assert handled == []


async def test_an_outbox_over_another_engine_than_the_transactions_is_refused(stand: Service, other: Service) -> None:
    with pytest.raises(WiringError, match="Use the outbox of the same database"):
        bootstrap(commands_mapper=bind, middlewares=[TransactionMiddleware(stand.db)], outbox=other.db.outbox)


async def test_an_outbox_without_a_transaction_is_refused(stand: Service) -> None:
    with pytest.raises(WiringError, match="separate_outbox_transaction=True"):
        bootstrap(commands_mapper=bind, outbox=stand.db.outbox)


async def test_an_outbox_with_separate_transactions_that_was_asked_for_stores_messages(stand: Service) -> None:
    mediator = bootstrap(commands_mapper=bind, outbox=stand.db.outbox, separate_outbox_transaction=True)

    async def work(events: cqrs.EventRecorder) -> None:
        events.record(Told(payload="one"))

    await mediator.send(Record(work))
    assert await stand.messages() == ["one"]


async def test_an_outbox_beside_that_of_the_database_is_refused(stand: Service) -> None:
    outbox = SqlAlchemyOutboxedEventRepository(stand.sessions, registry=REGISTRY)
    with pytest.raises(WiringError, match="the database has an outbox of its own"):
        stand.bootstrap(outbox=outbox)


async def test_an_inbox_table_of_ones_own_is_in_the_same_transaction(stand: Service) -> None:
    db = cqrs.Database(stand.sessions, metadata=Base.metadata, inbox_table="marks", outbox_table="letters")
    await db.upgrade()
    async with db.transaction() as session:
        await note(session, "one")
    assert await stand.notes() == ["one"]


async def test_writes_to_another_database_stay_although_the_transaction_fails(stand: Service, other: Service) -> None:
    async def work() -> None:
        await stand.write("undone")
        async with other.db.transaction():
            await other.write("kept")
        raise Deliberate

    with pytest.raises(Deliberate):
        await stand.send(work)
    assert (await stand.notes(), await other.notes()) == ([], ["kept"])


async def test_a_mediator_of_another_database_writes_nothing_within_a_turn(stand: Service, other: Service) -> None:
    async def work() -> None:
        await stand.write("undone")
        await other.send(other.writes("lost"))

    with pytest.raises(OtherDatabase, match=r"async with other\.transaction"):
        await stand.send(work)
    assert (await stand.notes(), await other.notes()) == ([], [])


async def test_a_mediator_of_another_database_may_read_within_a_turn(stand: Service, other: Service) -> None:
    await other.send(other.writes("there"))

    async def read() -> list[str]:
        return list(await other.db.session.scalars(select(Note.what)))

    assert await stand.send(lambda: other.send(read)) == ["there"]


async def test_a_nested_turn_of_another_database_may_read_too(stand: Service, other: Service) -> None:
    """Its savepoint writes nothing."""
    await other.send(other.writes("there"))

    async def read() -> list[str]:
        return list(await other.db.session.scalars(select(Note.what)))

    async def reads_twice() -> list[str]:
        return await read() + await other.send(read)

    async def work() -> list[str]:
        await stand.write("here")
        found: list[str] = await other.send(reads_twice)
        return found

    assert await stand.send(work) == ["there", "there"]
    assert await stand.notes() == ["here"]


@pytest.mark.parametrize(
    "statement",
    [
        "insert into notes (what) values ('lost')",
        "/* a hint */ insert into notes (what) values ('lost')",
        "update notes set what = 'lost'",
        "delete from notes",
        "with old as (select 1) delete from notes",
        "create table lost (id integer)",
    ],
)
async def test_no_statement_that_writes_is_run_in_another_database(
    stand: Service, other: Service, statement: str
) -> None:
    await other.send(other.writes("there"))

    async def work() -> None:
        await stand.write("undone")
        await other.send(lambda: other.db.session.execute(text(statement)))

    with pytest.raises(OtherDatabase):
        await stand.send(work)
    assert (await stand.notes(), await other.notes()) == ([], ["there"])


async def test_the_connection_of_another_database_cannot_be_had_to_write_past_it(
    stand: Service, other: Service
) -> None:
    async def there() -> None:
        driver = await other.db.connection()
        await driver.execute("insert into notes (what) values ('lost')")

    async def work() -> None:
        await stand.write("undone")
        await other.send(there)
        raise Deliberate

    with pytest.raises((OtherDatabase, Deliberate)):
        await stand.send(work)
    assert (await stand.notes(), await other.notes()) == ([], [])


async def test_a_mediator_of_another_database_writes_where_its_transaction_was_opened(
    stand: Service, other: Service
) -> None:
    async def work() -> None:
        await stand.write("here")
        async with other.db.transaction():
            await other.send(other.writes("there"))

    await stand.send(work)
    assert (await stand.notes(), await other.notes()) == (["here"], ["there"])


async def test_the_middleware_of_before_joins_no_unit_of_another_engine(stand: Service, other: Service) -> None:
    """Two mediators over two databases, each with a function that makes its units."""
    outer = bootstrap(
        commands_mapper=bind, middlewares=[TransactionMiddleware(lambda: SqlAlchemyUnitOfWork(stand.sessions))]
    )
    inner = bootstrap(
        commands_mapper=bind, middlewares=[TransactionMiddleware(lambda: SqlAlchemyUnitOfWork(other.sessions))]
    )

    async def there() -> None:
        await note(current_unit_of_work().session, "there")  # type: ignore[union-attr]

    async def here() -> None:
        await note(current_unit_of_work().session, "here")  # type: ignore[union-attr]
        await inner.send(Run(there))

    try:
        await outer.send(Run(here))
    except UnitOfWorkStateError:
        assert (await stand.notes(), await other.notes()) == ([], [])
    else:
        assert (await stand.notes(), await other.notes()) == (["here"], ["there"])
