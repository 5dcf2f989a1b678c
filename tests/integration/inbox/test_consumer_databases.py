"""The consumer over each database: what takes effect, what leaves, what is parked, and what it costs."""

from __future__ import annotations

import asyncio
from contextvars import Context
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event, text

from cqrs.message_brokers.memory.broker import MemoryMessageBroker
from tests.helpers.databases import for_each
from tests.integration.inbox.service import Shipping, ordered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cqrs.envelope import Envelope
    from cqrs.message_brokers.memory.group import MemoryMessageSource
    from tests.integration.inbox.backends import Database

SERVERS = [pytest.param(name, marks=pytest.mark.server) for name in ("postgres", "strict_postgres", "mariadb")]


database = for_each(["sqlite", *SERVERS], "database")


@pytest.fixture
def shipping(database: Database) -> Shipping:
    return Shipping(database)


class Broker(MemoryMessageBroker):
    async def order(self, *numbers: int, key: str | None = None) -> None:
        for number in numbers:
            await self.send_message(ordered(number, key))

    def orders(self) -> MemoryMessageSource:
        return self.source("orders")


@pytest.fixture
def broker() -> Broker:
    return Broker()


async def test_effects_marks_and_outgoing_messages_are_one(shipping: Shipping, broker: Broker) -> None:
    await broker.order(*range(50), key="a")
    async with shipping.consumer(broker.orders()):
        assert await shipping.until(50) == [str(n) for n in range(50)]
        for message in broker.sent:
            await broker.send_message(message)
        await broker.order(50)
        await shipping.until(51)
    assert await shipping.database.effects() == [str(n) for n in range(51)]
    assert await shipping.shipped() == list(range(51))


async def test_poison_parks_its_key_and_leaves_nothing_behind(shipping: Shipping, broker: Broker) -> None:
    shipping.poison = {2}
    for number in range(6):
        await broker.order(number, key="ab"[number % 2])
    async with shipping.consumer(broker.orders(), parked_retries=0):
        assert await shipping.until(4) == ["0", "1", "3", "5"]
        parked = await shipping.until_parked()
        assert parked[0].behind == 1
        shipping.poison.clear()
        assert await shipping.inbox.parked.replay("shipping") == 1
        assert await shipping.until(6) == ["0", "1", "3", "5", "2", "4"]
    assert await shipping.shipped() == [0, 1, 3, 5, 2, 4]


@pytest.mark.parametrize("batch_size", [1, 7])
async def test_two_workers_keep_the_order_of_a_key_through_parking(
    shipping: Shipping, database: Database, broker: Broker, batch_size: int
) -> None:
    """The second worker replays, too, while new messages of the key come to the first."""
    other = Shipping(database)
    shipping.failures = other.failures = dict.fromkeys((3, 11, 12), 4)
    first = shipping.consumer(broker.orders(), attempts_in_batch=2, batch_size=batch_size)
    second = other.consumer(broker.orders(), attempts_in_batch=2, batch_size=batch_size)
    async with first, second:
        for number in range(40):
            await broker.order(number, key="a")
            await asyncio.sleep(0.005)
        found = await shipping.until(40)
    assert found == [str(n) for n in range(40)]
    assert await shipping.shipped() == list(range(40))


@pytest.fixture
def statements(database: Database) -> Iterator[list[str]]:
    """Every statement that the driver is given."""
    seen: list[str] = []

    def note(*given: object) -> None:
        seen.append(str(given[2]))

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    yield seen
    event.remove(database.engine.sync_engine, "before_cursor_execute", note)


async def test_the_number_of_statements_does_not_depend_on_the_size_of_a_batch(
    database: Database, statements: list[str]
) -> None:
    inbox, counts = database.inbox(), list[int]()
    for size in (2, 300):
        batch = [ordered(number, key=str(number)).to_envelope() for number in range(size)]
        statements.clear()
        async with database.unit_of_work():
            assert len(await inbox.accept("c", batch)) == size
        counts.append(len([one for one in statements if not one.startswith("BEGIN")]))
    assert counts == [2, 2], statements  # the marks, and which keys are parked


async def test_two_consumers_of_the_same_messages_in_opposite_order_wait_and_do_not_deadlock(
    postgres_database: Database,
) -> None:
    inbox, won = postgres_database.inbox(), list[int]()

    async def bring_in(batch: list[Envelope]) -> None:
        async with postgres_database.unit_of_work():
            won.append(len(await inbox.accept("c", batch)))

    for _ in range(5):
        batch = sorted((ordered(number).to_envelope() for number in range(3000)), key=lambda one: one.message_id)
        await asyncio.gather(bring_in(batch), bring_in(batch[::-1]))
    assert sorted(won) == [0] * 5 + [3000] * 5


async def test_the_next_message_of_a_key_is_put_behind_one_that_was_parked_meanwhile(
    postgres_database: Database,
) -> None:
    inbox = postgres_database.inbox()
    first, second = (ordered(number, key="a").to_envelope() for number in range(2))

    async def bring_in() -> list[Envelope]:
        async with postgres_database.unit_of_work():
            return await inbox.accept("c", [first, second])

    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )

    async def until_it_waits() -> None:
        async with postgres_database.engine.connect() as connection:
            while not await connection.scalar(waiting):
                await connection.rollback()
                await asyncio.sleep(0.01)

    async with asyncio.timeout(30):
        async with postgres_database.unit_of_work():
            await inbox.park("c", first, ValueError("it fails"), None)
            late = asyncio.create_task(bring_in(), context=Context())
            await asyncio.create_task(until_it_waits(), context=Context())
        assert await late == []
    (parked,) = await inbox.parked.list("c")
    assert (parked.envelope, parked.behind) == (first, 1)


@pytest.mark.parametrize("database", SERVERS, indirect=True)  # on SQLite the other transaction waits
async def test_a_parked_key_that_one_worker_tries_is_not_taken_by_another(database: Database) -> None:
    inbox = database.inbox()
    async with database.unit_of_work():
        await inbox.park("c", ordered(0, key="a").to_envelope(), ValueError("it fails"), 0.0)

    async def another_worker() -> None:
        async with database.unit_of_work():
            assert await inbox.take("c") is None

    async with asyncio.timeout(30), database.unit_of_work():
        assert await inbox.take("c") is not None
        await asyncio.create_task(another_worker(), context=Context())


async def test_polls_for_due_messages_and_old_marks_read_through_indexes(postgres_database: Database) -> None:
    async with postgres_database.engine.connect() as connection:
        await connection.execute(text("set enable_seqscan = off"))
        for table, column, index in (
            ("inbox_sequences", "retry_at", "ix_inbox_sequences_retry"),
            ("inbox", "received_at", "ix_inbox_received"),
        ):
            query = f"select * from {table} where consumer = 'c' and {column} < now() order by {column} limit 9"  # noqa: S608
            plan = " ".join(str(row) for row in await connection.execute(text(f"explain {query}")))
            assert index in plan, plan
