"""Work that would be lost silently: it raises, or is logged."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

import cqrs
from cqrs.errors import TransactionDoomed, TransactionEnded, UnitOfWorkStateError
from cqrs.outbox.sqlalchemy.repository import SqlAlchemyOutboxedEventRepository
from cqrs.requests.bootstrap import bootstrap, bootstrap_streaming
from cqrs.requests.fallback import RequestHandlerFallback
from cqrs.unit_of_work import current_unit_of_work
from tests.helpers.errors import Deliberate
from tests.integration.transactions.stand import Record, Run, Told, Watch, bind, note
from tests.integration.transactions.test_driver_connections import INSERT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy.ext.asyncio import AsyncSession

    from tests.integration.transactions.stand import Service


async def tell(events: cqrs.EventRecorder) -> None:
    events.record(Told(payload="lost"))


async def test_a_notification_without_broker_and_outbox_raises_within_a_transaction(stand: Service) -> None:
    mediator = bootstrap(commands_mapper=bind)
    with pytest.raises(UnitOfWorkStateError, match="neither an outbox nor a message_broker"):
        async with stand.db.transaction():
            await stand.write("undone")
            await mediator.send(Record(tell))
    assert await stand.notes() == []


async def test_a_notification_without_broker_and_outbox_is_dropped_with_a_warning_outside_of_transactions(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING, "cqrs"):
        await bootstrap(commands_mapper=bind).send(Record(tell))
    assert "Told for topic news was dropped" in caplog.text


async def insert(driver: Any, kind: str, what: str) -> None:
    """Write with a connection of the driver that was taken before."""
    if kind == "mariadb":
        async with driver.cursor() as cursor:
            await cursor.execute(INSERT[kind], (what,))
    else:
        await driver.execute(INSERT[kind], what if kind == "postgresql" else (what,))


@pytest.mark.parametrize("begin", ["begin_nested", "begin"])
async def test_writes_of_the_driver_in_a_savepoint_of_the_session_are_undone_with_it(
    stand: Service, begin: str
) -> None:
    async def work() -> None:
        driver = await stand.db.connection()
        await insert(driver, stand.kind, "kept")
        with pytest.raises(Deliberate):
            async with getattr(stand.db.session, begin)():
                await insert(driver, stand.kind, "undone")
                raise Deliberate
        await insert(driver, stand.kind, "after")

    await stand.send(work)
    assert await stand.notes() == ["kept", "after"]


class Broken(Exception):
    """What a session factory raises."""


async def test_an_outbox_whose_session_cannot_be_made_leaves_no_unit_open(stand: Service) -> None:
    """Every later turn of the task would join it, and would never be committed."""
    failures: list[Exception] = []

    def sessions() -> AsyncSession:
        if failures:
            raise failures.pop()
        return stand.sessions()

    outbox = SqlAlchemyOutboxedEventRepository(sessions)
    assert outbox.place == stand.db.place
    failures.append(Broken())
    with pytest.raises(Broken):
        async with outbox:
            pass
    assert current_unit_of_work() is None
    await stand.send(stand.writes("one"))
    assert await stand.notes() == ["one"]


async def test_an_outbox_block_that_was_rolled_back_is_not_committed_afterwards(stand: Service) -> None:
    async def work() -> None:
        await stand.write("kept")
        async with stand.db.outbox as session:
            await note(session, "undone")
            await stand.db.outbox.rollback(session)
            with pytest.raises(TransactionEnded, match="rolled back"):
                await stand.db.outbox.commit(session)

    await stand.send(work)
    assert await stand.notes() == ["kept"]


async def test_an_outbox_block_without_a_commit_within_a_turn_warns(
    stand: Service, caplog: pytest.LogCaptureFixture
) -> None:
    async def work() -> None:
        async with stand.db.outbox as session:
            await note(session, "undone")

    with caplog.at_level(logging.WARNING, "cqrs"):
        await stand.send(work)
    assert "ended without a commit: what was written within it is undone" in caplog.text
    assert await stand.notes() == []


@pytest.mark.parametrize("end", ["commit", "rollback"])
async def test_an_outbox_block_that_was_ended_warns_of_nothing(
    stand: Service, caplog: pytest.LogCaptureFixture, end: str
) -> None:
    async def work() -> None:
        async with stand.db.outbox as session:
            await note(session, "one")
            await getattr(stand.db.outbox, end)(session)

    with caplog.at_level(logging.WARNING, "cqrs"):
        await stand.send(work)
    assert "without a commit" not in caplog.text


def mediator_with_a_fallback(stand: Service, *, with_database: bool) -> cqrs.StreamingRequestMediator:
    """Of a stream whose primary fails after its first chunk."""

    class Primary(cqrs.StreamingRequestHandler[Watch, int]):
        async def handle(self, request: Watch) -> AsyncIterator[int]:
            await stand.write("primary")
            yield 1
            raise Deliberate

    class Fallback(cqrs.StreamingRequestHandler[Watch, int]):
        async def handle(self, request: Watch) -> AsyncIterator[int]:
            await stand.write("fallback")
            yield 2

    database: dict[str, Any] = {"database": stand.db} if with_database else {}
    return bootstrap_streaming(
        commands_mapper=lambda m: m.bind(Watch, RequestHandlerFallback(Primary, Fallback)), **database
    )


@pytest.mark.parametrize("with_database", [True, False])
async def test_a_turn_that_writes_between_the_chunks_of_a_primary_that_fails_is_doomed(
    stand: Service, *, with_database: bool
) -> None:
    """What it wrote is undone with the savepoint of the primary, and the stream goes on with its fallback."""
    streaming = mediator_with_a_fallback(stand, with_database=with_database)

    async def work() -> str:
        await stand.write("before")
        async for number in streaming.stream(Watch(None)):  # type: ignore[arg-type]
            await stand.write(f"between {number}")
        return "done"

    with pytest.raises(TransactionDoomed):
        await stand.send(work)
    assert await stand.notes() == []


@pytest.mark.parametrize("with_database", [True, False])
async def test_a_primary_of_a_stream_that_fails_is_undone_alone_if_nothing_was_written_between_its_chunks(
    stand: Service, *, with_database: bool
) -> None:
    streaming = mediator_with_a_fallback(stand, with_database=with_database)

    async def work() -> list[int]:
        await stand.write("before")
        return [number async for number in streaming.stream(Watch(None))]  # type: ignore[arg-type]

    assert await stand.send(work) == [1, 2]
    assert await stand.notes() == ["before", "fallback"]


async def test_a_unit_in_memory_that_was_doomed_raises_although_nothing_was_written() -> None:
    async def work() -> str:
        current_unit_of_work().doom(Deliberate())  # type: ignore[union-attr]
        return "done"

    mediator = bootstrap(commands_mapper=bind, database=cqrs.MemoryDatabase())
    with pytest.raises(TransactionDoomed):
        await mediator.send(Run(work))
