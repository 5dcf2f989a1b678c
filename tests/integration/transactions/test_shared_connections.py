"""Connections and sessions that several have in turn, or at once: what a unit leaves on them, and what it notices."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from cqrs.errors import SecondTransaction, TransactionEnded, UnitOfWorkStateError
from cqrs.unit_of_work import current_unit_of_work
from cqrs.unit_of_work.sqlalchemy.unit import SqlAlchemyUnitOfWork
from tests.helpers.errors import Deliberate
from tests.integration.transactions.stand import Base, Note, elsewhere, note

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.integration.transactions.stand import Service


@pytest.mark.parametrize("end", ["commit", "rollback"])
async def test_a_connection_that_a_unit_had_before_is_no_longer_its_own(stand: Service, end: str) -> None:
    """The same unit is opened a second time, on another connection of the pool."""
    async with stand.engine.connect() as one, stand.engine.connect() as two:
        await one.scalar(select(1))
        await two.scalar(select(1))
    unit = SqlAlchemyUnitOfWork(stand.sessions)
    async with unit:
        await unit.session.scalar(select(1))

    async def innocent() -> None:
        async with stand.engine.connect() as connection:
            await connection.scalar(select(1))
            await getattr(connection, end)()

    async with unit:
        await note(unit.session, "one")
        await elsewhere(innocent())
    assert await stand.notes() == ["one"]


async def test_a_unit_leaves_nothing_on_its_connection(stand: Service) -> None:
    async with stand.db.transaction() as session:
        info = (await session.connection()).sync_connection.info  # type: ignore[union-attr]
        during = dict(info)
    assert len(info) < len(during)


@pytest.mark.parametrize("error", [asyncio.CancelledError, OSError])
async def test_a_session_whose_unit_could_not_begin_is_its_owners_again(
    stand: Service, monkeypatch: pytest.MonkeyPatch, error: Any
) -> None:
    async def fails(*_: Any) -> None:
        raise error

    async with stand.sessions() as session:
        session.add(Note(what="one"))
        monkeypatch.setattr(session, "run_sync", fails)
        with pytest.raises(error):
            async with SqlAlchemyUnitOfWork(session):
                pass
        monkeypatch.undo()
        assert current_unit_of_work() is None
        await session.commit()
    assert await stand.notes() == ["one"]


@pytest.fixture
async def one_connection() -> AsyncIterator[AsyncEngine]:
    """SQLite in memory, as some tests have it."""
    engine = create_async_engine("sqlite+aiosqlite://")
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield engine
    await engine.dispose()


async def committed(engine: AsyncEngine) -> list[str]:
    async with AsyncSession(engine) as session:
        return list(await session.scalars(select(Note.what).order_by(Note.id)))


def end(*, fails: bool) -> None:
    if fails:
        raise Deliberate


@pytest.mark.parametrize("fails", [True, False])
async def test_no_unit_that_shares_its_connection_is_lost_without_a_word(
    one_connection: AsyncEngine, *, fails: bool
) -> None:
    """A rollback of one would undo writes of the other: only what is stored may be reported as done."""
    has_written, may_end = asyncio.Event(), asyncio.Event()

    async def first() -> Any:
        try:
            async with AsyncSession(one_connection) as session, SqlAlchemyUnitOfWork(session):
                await note(session, "first")
                has_written.set()
                await may_end.wait()
        except UnitOfWorkStateError as error:
            return type(error)
        return "first"

    async def second() -> Any:
        await has_written.wait()
        try:
            async with AsyncSession(one_connection) as session, SqlAlchemyUnitOfWork(session):
                await note(session, "second")
                end(fails=fails)
        except (UnitOfWorkStateError, Deliberate) as error:
            return type(error)
        return "second"

    started = asyncio.create_task(first())
    answers = [await second()]
    may_end.set()
    answers.append(await started)
    said = [answer for answer in answers if isinstance(answer, str)]
    assert any(isinstance(answer, type) and issubclass(answer, UnitOfWorkStateError) for answer in answers)
    assert await committed(one_connection) == said


async def test_units_that_wait_for_each_other_share_a_connection(one_connection: AsyncEngine) -> None:
    for what in ("one", "two"):
        async with AsyncSession(one_connection) as session, SqlAlchemyUnitOfWork(session):
            await note(session, what)
    assert await committed(one_connection) == ["one", "two"]


async def test_a_session_of_another_task_cannot_begin_on_the_connection_of_a_unit(one_connection: AsyncEngine) -> None:
    """The unit raises, too: the pool has rolled the connection back when the other transaction returned it."""

    async def begin() -> None:
        async with AsyncSession(one_connection) as session:
            await session.scalar(select(1))

    with pytest.raises(TransactionEnded):
        async with AsyncSession(one_connection) as session, SqlAlchemyUnitOfWork(session):
            await note(session, "one")
            with pytest.raises(SecondTransaction, match="same connection"):
                await elsewhere(begin())
    assert await committed(one_connection) == []
