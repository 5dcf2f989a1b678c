"""What tasks do to a transaction that is open in another one, and what those do that outlive it."""

from __future__ import annotations

import asyncio
import gc
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

import cqrs
from cqrs.container.scope import current_scope
from cqrs.context import carrying, context_headers
from cqrs.errors import OtherTask, TransactionDoomed
from cqrs.errors.wiring import NoRequestScope
from cqrs.message_brokers.memory.broker import MemoryMessageBroker
from cqrs.unit_of_work import current_unit_of_work
from cqrs.unit_of_work.sqlalchemy.unit import SqlAlchemyUnitOfWork
from cqrs.unit_of_work.stack import entered_units
from cqrs.workers.relay.outbox_relay import OutboxRelay
from tests.helpers.errors import Deliberate
from tests.integration.transactions.stand import Run, Told

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from cqrs.message_brokers.protocol import Message
    from tests.integration.transactions.stand import Service


def rows(stand: Service) -> Callable[[], AsyncIterator[int]]:
    """An iterator with a block of the database around its items: each is read in it."""

    async def items() -> AsyncIterator[int]:
        async with stand.db.transaction() as session:
            await session.connection()
            yield 1
            yield 2

    return items


async def leave_early(items: Callable[[], AsyncIterator[int]]) -> None:
    """Take one item. Python closes the iterator then, in a task of its own."""
    async for _ in items():
        break


async def let_python_close_it() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.mark.parametrize("begins", [True, False])
async def test_a_turn_that_wrote_after_leaving_an_iterator_with_a_savepoint_is_doomed(
    stand: Service, *, begins: bool
) -> None:
    """The write would be undone with the savepoint."""

    async def work() -> str:
        if begins:
            await stand.write("before")
        await leave_early(rows(stand))
        await stand.write("after")
        await let_python_close_it()
        return "done"

    with pytest.raises(TransactionDoomed):
        await stand.send(work)
    assert await stand.notes() == []


async def test_an_iterator_that_is_closed_where_it_is_left_is_undone_alone(stand: Service) -> None:
    async def items() -> AsyncIterator[int]:
        async with stand.db.transaction():
            await stand.write("undone")
            yield 1

    async def work() -> None:
        await stand.write("before")
        left: Any = items()
        await anext(left)
        await left.aclose()
        await stand.write("after")

    await stand.send(work)
    assert await stand.notes() == ["before", "after"]


def nothing_done(other: Service) -> Callable[[], AsyncIterator[int]]:
    async def items() -> AsyncIterator[int]:
        async with other.db.transaction():
            yield 1
            yield 2

    return items


async def test_the_open_unit_is_found_after_leaving_an_iterator_over_another_database(
    stand: Service, other: Service
) -> None:
    async def work() -> None:
        unit = current_unit_of_work()
        await leave_early(nothing_done(other))
        await let_python_close_it()
        assert unit is not None
        assert current_unit_of_work() is unit

    await stand.send(work)


async def test_a_nested_turn_after_leaving_such_an_iterator_is_undone_alone(stand: Service, other: Service) -> None:
    async def work() -> None:
        await stand.write("outer")
        await leave_early(nothing_done(other))
        await let_python_close_it()
        with pytest.raises(Deliberate):
            await stand.send(stand.fails("undone"))

    await stand.send(work)
    assert await stand.notes() == ["outer"]


@pytest.mark.parametrize("end", ["commit", "rollback"])
async def test_a_task_cannot_end_the_unit_of_the_one_that_started_it(stand: Service, end: str) -> None:
    async with SqlAlchemyUnitOfWork(stand.sessions) as unit:
        await stand.write("one")
        with pytest.raises(OtherTask):
            await asyncio.create_task(getattr(unit, end)())
        assert unit.is_open
        assert await stand.notes() == []
    assert await stand.notes() == ["one"]


async def test_a_task_cannot_commit_the_outbox_block_of_the_one_that_started_it(stand: Service) -> None:
    async def commit() -> None:
        await stand.db.outbox.commit()

    with pytest.raises(Deliberate):
        async with stand.db.outbox:
            await stand.write("undone")
            with pytest.raises(OtherTask):
                await asyncio.create_task(commit())
            raise Deliberate
    assert await stand.notes() == []


async def test_a_task_cannot_commit_an_outbox_block_within_a_turn_either(stand: Service) -> None:
    async def commit() -> None:
        await stand.db.outbox.commit()

    async def work() -> None:
        await stand.write("kept")
        async with stand.db.outbox:
            await stand.write("undone")
            with pytest.raises(OtherTask):
                await asyncio.create_task(commit())

    await stand.send(work)
    assert await stand.notes() == ["kept"]


async def after_the_turn(stand: Service, late: Callable[[], Awaitable[Any]]) -> Any:
    """Let a task that a handler has started await ``late`` when the turn is over."""
    over = asyncio.Event()

    async def wait() -> Any:
        await over.wait()
        return await late()

    async def work() -> asyncio.Task[Any]:
        await stand.write("turn")
        return asyncio.create_task(wait())

    task = await stand.send(work)
    over.set()
    return await task


async def test_a_task_that_outlives_its_turn_may_open_a_transaction_of_its_own(stand: Service) -> None:
    async def late() -> None:
        async with stand.db.transaction():
            await stand.write("late")

    await after_the_turn(stand, late)
    assert await stand.notes() == ["turn", "late"]


async def test_a_task_that_outlives_its_turn_may_send_a_command_of_its_own(stand: Service) -> None:
    await after_the_turn(stand, lambda: stand.send(stand.writes("late")))
    assert await stand.notes() == ["turn", "late"]


async def test_a_command_of_such_a_task_that_fails_is_undone(stand: Service) -> None:
    with pytest.raises(Deliberate):
        await after_the_turn(stand, lambda: stand.send(stand.fails("undone")))
    assert await stand.notes() == ["turn"]


async def test_a_task_that_outlives_its_turn_is_in_no_unit(stand: Service) -> None:
    async def late() -> Any:
        return current_unit_of_work()

    assert await after_the_turn(stand, late) is None


class Kept:
    """What a turn keeps with its transaction."""


async def test_a_task_that_outlives_its_turn_keeps_nothing_of_what_that_noted(stand: Service) -> None:
    kept: list[weakref.ref[Kept]] = []
    over = asyncio.Event()

    async def work() -> asyncio.Task[Any]:
        one = Kept()
        kept.append(weakref.ref(one))
        unit = current_unit_of_work()
        assert unit is not None
        unit.info["one"] = one
        await stand.write("one")
        return asyncio.create_task(over.wait())

    task = await stand.send(work)
    gc.collect()
    assert kept[0]() is None
    over.set()
    await task


class Watching(MemoryMessageBroker):
    """A broker that notes what belongs to a turn where it is called."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Any] = []

    async def send_message(self, message: Message) -> None:
        scope = None
        with suppress(NoRequestScope, LookupError):
            scope = current_scope()
        self.seen.append((entered_units.get(), current_unit_of_work(), scope, context_headers()))
        await super().send_message(message)


class Door:
    """What a handler gets from its request scope, so that one is open."""


async def test_a_service_that_is_started_within_a_turn_sees_nothing_of_that(stand: Service) -> None:
    async with stand.db.transaction():
        stand.db.outbox.add(Told(payload="one"))
    broker = Watching()
    relay = OutboxRelay(stand.db.outbox, broker)

    async def work() -> None:
        assert current_scope() is not None
        with carrying({"correlation-id": "of the turn"}):
            await relay.start()
        await relay.started()

    container = cqrs.Resolver()
    container.bind(Door, Door, lifetime="request")
    await stand.bootstrap(di_container=container).send(Run(work))
    await relay.stop()
    assert broker.seen == [((), None, None, {})]
