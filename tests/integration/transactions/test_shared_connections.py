"""Connections and sessions that several have in turn, or at once: what a unit leaves on them, and what it notices."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

import cqrs
from cqrs.errors import SecondTransaction, TransactionEnded, UnitOfWorkStateError
from cqrs.requests.bootstrap import bootstrap
from cqrs.unit_of_work import current_unit_of_work
from cqrs.unit_of_work.sqlalchemy.unit import SqlAlchemyUnitOfWork
from tests.integration.transactions.stand import Base, Kaput, Note, Run, bind, elsewhere, note

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.integration.transactions.stand import Stand


@pytest.mark.parametrize("end", ["commit", "rollback"])
async def test_a_connection_that_a_unit_had_before_is_no_longer_its_own(stand: Stand, end: str) -> None:
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


async def test_a_unit_leaves_nothing_on_its_connection(stand: Stand) -> None:
    async with stand.db.transaction() as session:
        info = (await session.connection()).sync_connection.info  # type: ignore[union-attr]
        during = dict(info)
    assert len(info) < len(during)


@pytest.mark.parametrize("error", [asyncio.CancelledError, OSError])
async def test_a_session_whose_unit_could_not_begin_is_its_owners_again(
    stand: Stand, monkeypatch: pytest.MonkeyPatch, error: Any
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
async def in_memory() -> AsyncIterator[cqrs.Database[Any]]:
    """SQLite in memory: one connection for all."""
    async with cqrs.Database("sqlite://", metadata=Base.metadata) as db:
        await db.create_all()
        yield db


async def committed(db: cqrs.Database[Any]) -> list[str]:
    async with db.transaction() as session:
        return list(await session.scalars(select(Note.what).order_by(Note.id)))


async def answer_of(mediator: cqrs.RequestMediator, work: Any) -> Any:
    """What the caller of a turn gets: its answer, or the error."""
    try:
        return await mediator.send(Run(work))
    except (UnitOfWorkStateError, Kaput) as error:
        return type(error)


@pytest.mark.parametrize("fails", [True, False])
async def test_no_turn_that_shares_its_connection_is_lost_without_a_word(
    in_memory: cqrs.Database[Any], *, fails: bool
) -> None:
    """What the one writes, a rollback of the other would undo: "done" is said only of what is there."""
    mediator = bootstrap(commands_mapper=bind, database=in_memory)
    has_written, may_end = asyncio.Event(), asyncio.Event()

    async def first() -> str:
        await note(in_memory.session, "first")
        has_written.set()
        await may_end.wait()
        return "first"

    async def second() -> str:
        await has_written.wait()
        await note(in_memory.session, "second")
        if fails:
            raise Kaput
        return "second"

    started = asyncio.create_task(answer_of(mediator, first))
    answers = [await answer_of(mediator, second)]
    may_end.set()
    answers.append(await started)
    said = [answer for answer in answers if isinstance(answer, str)]
    assert UnitOfWorkStateError in answers
    assert await committed(in_memory) == said


async def test_turns_that_wait_for_each_other_share_a_connection(in_memory: cqrs.Database[Any]) -> None:
    mediator = bootstrap(commands_mapper=bind, database=in_memory)
    for what in ("one", "two"):
        await mediator.send(Run(lambda what=what: note(in_memory.session, what)))
    assert await committed(in_memory) == ["one", "two"]


async def test_a_session_of_another_task_cannot_begin_on_the_connection_of_a_turn(
    in_memory: cqrs.Database[Any],
) -> None:
    """The turn raises, too: the pool has rolled the connection back when the other one gave it back."""

    async def begin() -> None:
        async with AsyncSession(in_memory.engine) as session:
            await session.scalar(select(1))

    async def work() -> None:
        await note(in_memory.session, "one")
        with pytest.raises(SecondTransaction, match="same connection"):
            await elsewhere(begin())

    assert await answer_of(bootstrap(commands_mapper=bind, database=in_memory), work) is TransactionEnded
    assert await committed(in_memory) == []
