"""What a handler does that catches the error of a statement, and what becomes of its transaction."""

from __future__ import annotations

import asyncio
from contextvars import Context
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert, text, update
from sqlalchemy.exc import IntegrityError, OperationalError

from cqrs.errors import UnitOfWorkStateError
from cqrs.message_brokers.memory.broker import MemoryMessageBroker
from cqrs.unit_of_work import current_unit_of_work
from cqrs.workers.outage_errors import is_outage
from tests.helpers.databases import for_each
from tests.integration.inbox.backends import EFFECTS, Database, effect
from tests.integration.inbox.service import Ordered, Shipping, ordered

if TYPE_CHECKING:
    from sqlalchemy import Update

    from cqrs.unit_of_work import UnitOfWork


POSTGRESQL = [pytest.param(name, marks=pytest.mark.server) for name in ("postgres", "strict_postgres")]

database = for_each(POSTGRESQL, "database")


async def collide(unit: UnitOfWork) -> None:
    """A statement that fails, and an error that is caught."""
    with pytest.raises(IntegrityError):
        for _ in range(2):
            await unit.session.execute(insert(EFFECTS).values(id=1_000_000, what="collision"))


async def test_a_transaction_that_postgresql_would_undo_is_not_taken_for_committed(database: Database) -> None:
    called: list[str] = []

    async def call() -> None:
        called.append("committed")

    with pytest.raises(UnitOfWorkStateError, match="savepoint"):
        async with database.unit_of_work() as unit:
            await effect("one")
            unit.after_commit(call)
            await collide(unit)
    assert called == []
    assert await database.effects() == []


async def test_an_error_within_a_savepoint_does_not_fail_the_commit(database: Database) -> None:
    async with database.unit_of_work() as unit:
        await effect("one")
        with pytest.raises(IntegrityError):
            async with unit.savepoint():
                for _ in range(2):
                    await unit.session.execute(insert(EFFECTS).values(id=1_000_000, what="collision"))
    assert await database.effects() == ["one"]


async def test_a_statement_that_fails_elsewhere_fails_no_other_transaction(database: Database) -> None:
    async with database.unit_of_work():
        await effect("one")
        with pytest.raises(UnitOfWorkStateError):
            async with database.unit_of_work() as other:
                await collide(other)
    assert await database.effects() == ["one"]


class Careless(Shipping):
    """For the number 2 it catches what it cannot mend."""

    async def handle(self, event: Ordered) -> None:
        await super().handle(event)
        if event.payload == 2:
            unit = current_unit_of_work()
            assert unit is not None
            await collide(unit)


async def test_a_message_whose_handler_catches_such_an_error_is_parked_and_the_others_of_its_batch_are_not_lost(
    database: Database,
) -> None:
    shipping, broker = Careless(database), MemoryMessageBroker()
    for number in (0, 1, 2):  # the last one: no later statement of the batch shows that it has failed
        await broker.send_message(ordered(number))
    async with shipping.consumer(broker.source("orders"), parked_retries=0):
        assert await shipping.until(2) == ["0", "1"]
        parked = await shipping.until_parked()
    assert "savepoint" in parked[0].error
    assert await shipping.shipped() == [0, 1]


async def lose_a_deadlock(database: Database, unit: UnitOfWork) -> None:
    """Another transaction has written more, so this one is undone; its error is caught."""

    def change(row: int) -> Update:
        return update(EFFECTS).where(EFFECTS.c.id == row).values(what=EFFECTS.c.what)

    has_locked, goes_on = asyncio.Event(), asyncio.Event()

    async def the_other() -> None:
        async with database.sessions() as other:
            await other.execute(insert(EFFECTS), [{"what": "of the other"}] * 100)
            await other.execute(change(2))
            has_locked.set()
            await goes_on.wait()
            await other.execute(change(1))
            await other.rollback()

    other = asyncio.create_task(the_other(), context=Context())  # as in another process
    await has_locked.wait()
    await unit.session.execute(change(1))
    goes_on.set()
    with pytest.raises(OperationalError, match="Deadlock"):
        await unit.session.execute(change(2))
    await other


async def test_a_deadlock_that_is_lost_and_caught_undoes_all_on_mariadb(mariadb_database: Database) -> None:
    async with mariadb_database.unit_of_work():
        for what in ("one", "two"):
            await effect(what)
    with pytest.raises(UnitOfWorkStateError) as raised:
        async with mariadb_database.unit_of_work() as unit:
            await effect("lost with it")
            await lose_a_deadlock(mariadb_database, unit)
            await effect("in a new transaction")
    assert is_outage(raised.value)  # no message is at fault
    assert await mariadb_database.effects() == ["one", "two"]


async def test_a_statement_that_undoes_all_on_sqlite_is_noticed_although_it_was_caught(
    sqlite_database: Database,
) -> None:
    async with sqlite_database.unit_of_work():
        await effect("one")
    with pytest.raises(UnitOfWorkStateError):
        async with sqlite_database.unit_of_work() as unit:
            await effect("lost with it")
            with pytest.raises(IntegrityError):
                await unit.session.execute(text("INSERT OR ROLLBACK INTO effects (id, what) VALUES (1, 'collision')"))
            await effect("in a new transaction")
    assert await sqlite_database.effects() == ["one"]


@pytest.mark.parametrize("database", ["sqlite", pytest.param("mariadb", marks=pytest.mark.server)], indirect=True)
async def test_a_statement_that_undoes_only_itself_keeps_nothing_from_being_committed(database: Database) -> None:
    async with database.unit_of_work() as unit:
        await effect("one")
        await collide(unit)
    assert len(await database.effects()) == 2
