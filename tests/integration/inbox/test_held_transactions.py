"""What a handler does that ends the transaction of its session, and what that costs the others of its batch."""

from __future__ import annotations

import asyncio
from contextvars import Context
from typing import TYPE_CHECKING

import pytest

from cqrs.errors import UnitOfWorkStateError
from cqrs.message_brokers.memory.broker import MemoryMessageBroker
from cqrs.unit_of_work import current_unit_of_work
from tests.helpers.databases import KINDS, for_each
from tests.integration.inbox.backends import Database, effect
from tests.integration.inbox.service import Ordered, Shipping, ordered

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

database = for_each(KINDS, "database")


class Ending(Shipping):
    """For the number 1 it ends the transaction of its session."""

    how = "commit"

    async def handle(self, event: Ordered) -> None:
        await super().handle(event)
        if event.payload == 1:
            await getattr(session(), self.how)()


def session() -> AsyncSession:
    unit = current_unit_of_work()
    assert unit is not None
    found: AsyncSession = unit.session
    return found


@pytest.mark.parametrize("how", ["commit", "rollback", "close"])
async def test_a_handler_that_ends_the_transaction_of_its_session_costs_the_others_nothing(
    database: Database, how: str
) -> None:
    shipping, broker = Ending(database), MemoryMessageBroker()
    shipping.how = how
    shipping.failures = {3: 1}  # what is marked and not handled when that fails would be lost
    for number in range(5):
        await broker.send_message(ordered(number))
    async with shipping.consumer(broker.source("orders"), parked_retries=0):
        assert await shipping.until(4) == ["0", "2", "3", "4"]
    (parked,) = await shipping.inbox.parked.list("shipping")
    assert "savepoint" in parked.error
    assert await shipping.shipped() == [0, 2, 3, 4]


async def test_a_held_transaction_can_have_savepoints_and_be_committed_by_its_unit(database: Database) -> None:
    async with database.unit_of_work() as unit:
        with unit.held():
            await effect("one")
            async with unit.savepoint(), unit.session.begin_nested():
                await effect("two")
            inner = await unit.session.begin_nested()
            await effect("three")
            await inner.rollback()
            with pytest.raises(UnitOfWorkStateError):
                await unit.session.commit()
            await effect("four")
        await unit.commit()
    assert await database.effects() == ["one", "two", "four"]


async def test_a_transaction_held_before_its_first_statement_does_not_count_as_ended(database: Database) -> None:
    async with database.unit_of_work() as unit:
        with unit.held():
            await effect("one")
    assert await database.effects() == ["one"]


async def test_others_commit_their_own_sessions_while_it_is_held(postgres_database: Database) -> None:
    async def of_its_own() -> None:
        async with postgres_database.unit_of_work():
            await effect("two")

    async with postgres_database.unit_of_work() as unit:
        with unit.held():
            await effect("one")
            async with asyncio.timeout(30):
                await asyncio.create_task(of_its_own(), context=Context())
    assert sorted(await postgres_database.effects()) == ["one", "two"]
