"""Commits, rollbacks and closes of an open unit's session or connection, past the unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from cqrs.errors import TransactionEnded, UnitOfWorkStateError
from cqrs.unit_of_work import current_unit_of_work
from cqrs.unit_of_work.sqlalchemy.unit import SqlAlchemyUnitOfWork
from tests.helpers.errors import Deliberate
from tests.integration.transactions.stand import Note, Told, note

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from tests.integration.transactions.stand import Service

# What SQLAlchemy itself warns of if code ends a transaction behind the back of its session.
pytestmark = pytest.mark.filterwarnings("ignore:.*already deassociated from connection")


def session() -> AsyncSession:
    """The session of the unit itself, which refuses nothing before it happens."""
    unit = current_unit_of_work()
    assert unit is not None
    found: AsyncSession = unit.session
    return found


async def _commit_the_session() -> None:
    await session().commit()


async def _commit_the_connection() -> None:
    await (await session().connection()).commit()


async def _commit_the_transaction_of_the_session() -> None:
    transaction = session().get_transaction()
    assert transaction is not None
    await transaction.commit()


async def _commit_the_transaction_of_the_connection() -> None:
    transaction = (await session().connection()).get_transaction()
    assert transaction is not None
    await transaction.commit()


COMMITS = [
    _commit_the_session,
    _commit_the_connection,
    _commit_the_transaction_of_the_session,
    _commit_the_transaction_of_the_connection,
]


async def _roll_back_the_session() -> None:
    await session().rollback()


async def _close_the_session() -> None:
    await session().close()


async def _reset_the_session() -> None:
    await session().reset()


async def _invalidate_the_session() -> None:
    await session().invalidate()


async def _roll_back_the_connection() -> None:
    await (await session().connection()).rollback()


async def _roll_back_the_transaction_of_the_connection() -> None:
    transaction = (await session().connection()).get_transaction()
    assert transaction is not None
    await transaction.rollback()


async def _close_the_connection() -> None:
    await (await session().connection()).close()


ENDS = [
    _roll_back_the_session,
    _close_the_session,
    _reset_the_session,
    _invalidate_the_session,
    _roll_back_the_connection,
    _roll_back_the_transaction_of_the_connection,
    _close_the_connection,
]


def name(way: Any) -> str:
    found: str = way.__name__
    return found.strip("_")


@pytest.mark.parametrize("way", COMMITS, ids=name)
async def test_a_commit_past_the_unit_raises_and_commits_nothing(stand: Service, way: Any) -> None:
    async def work() -> None:
        await stand.write("undone")
        await way()

    with pytest.raises(UnitOfWorkStateError, match="commits it at its end"):
        await stand.send(work)
    assert await stand.notes() == []


@pytest.mark.parametrize("way", COMMITS, ids=name)
async def test_no_commit_past_the_unit_is_followed_by_half_a_turn(stand: Service, way: Any) -> None:
    """If the handler catches the error, all of the transaction is committed, or none of it."""

    async def work() -> None:
        await stand.write("one")
        with pytest.raises(UnitOfWorkStateError):
            await way()
        await stand.write("two")

    try:
        await stand.send(work)
    except Exception:  # noqa: BLE001  # the other right answer
        assert await stand.notes() == []
    else:
        assert await stand.notes() == ["one", "two"]


async def test_a_commit_of_the_session_is_refused_before_anything_happens(stand: Service) -> None:
    async def work() -> None:
        session().add(Note(what="one"))
        with pytest.raises(UnitOfWorkStateError):
            await session().commit()
        await stand.write("two")

    await stand.send(work)
    assert await stand.notes() == ["one", "two"]


@pytest.mark.parametrize("way", COMMITS, ids=name)
async def test_a_commit_within_a_savepoint_commits_nothing_either(stand: Service, way: Any) -> None:
    async def work() -> None:
        await stand.write("undone")
        async with session().begin_nested():
            await stand.write("undone too")
            await way()

    with pytest.raises(UnitOfWorkStateError):
        await stand.send(work)
    assert await stand.notes() == []


@pytest.mark.parametrize("way", ENDS, ids=name)
async def test_a_turn_that_was_ended_past_the_unit_raises(stand: Service, way: Any) -> None:
    async def work() -> str:
        await stand.write("undone")
        await way()
        return "done"

    with pytest.raises(UnitOfWorkStateError):
        await stand.send(work)
    assert await stand.notes() == []


@pytest.mark.parametrize("way", ENDS, ids=name)
async def test_writes_after_a_rollback_past_the_unit_are_not_committed(stand: Service, way: Any) -> None:
    async def work() -> None:
        await stand.write("undone")
        await way()
        stand.db.outbox.add(Told(payload="undone too"))
        await stand.write("undone too")

    with pytest.raises((UnitOfWorkStateError, SQLAlchemyError)):
        await stand.send(work)
    assert (await stand.notes(), await stand.messages()) == ([], [])


@pytest.mark.parametrize("way", ENDS[:4], ids=name)
async def test_objects_pending_at_a_rollback_past_the_unit_are_not_lost_silently(stand: Service, way: Any) -> None:
    async def work() -> str:
        session().add(Note(what="lost"))
        await way()
        return "done"

    with pytest.raises(UnitOfWorkStateError):
        await stand.send(work)
    assert await stand.notes() == []


@pytest.mark.parametrize("way", ENDS[:4], ids=name)
async def test_objects_pending_at_a_rollback_past_the_unit_are_not_committed_with_later_writes(
    stand: Service, way: Any
) -> None:
    async def work() -> str:
        session().add(Note(what="lost"))
        await way()
        await stand.write("undone")
        return "done"

    with pytest.raises(UnitOfWorkStateError):
        await stand.send(work)
    assert await stand.notes() == []


async def test_a_rollback_after_an_error_that_was_caught_raises(stand: Service) -> None:
    async def work() -> str:
        await stand.write("undone")
        await stand.write("twice")
        try:
            await stand.write("twice")
        except IntegrityError:
            await session().rollback()
        await stand.write("after")
        return "done"

    with pytest.raises(TransactionEnded, match="and the error was caught"):
        await stand.send(work)
    assert await stand.notes() == []


async def test_async_with_over_the_session_of_the_unit_raises(stand: Service) -> None:
    async def work() -> str:
        await stand.write("undone")
        async with session() as same:
            await note(same, "undone too")
        return "done"

    with pytest.raises(UnitOfWorkStateError):
        await stand.send(work)
    assert await stand.notes() == []


async def test_a_savepoint_may_be_rolled_back(stand: Service) -> None:
    async def work() -> None:
        await stand.write("one")
        savepoint = await session().begin_nested()
        await stand.write("undone")
        await savepoint.rollback()
        await stand.write("two")

    await stand.send(work)
    assert await stand.notes() == ["one", "two"]


async def test_a_savepoint_of_the_connection_may_be_rolled_back(stand: Service) -> None:
    async def work() -> None:
        await stand.write("one")
        connection = await session().connection()
        async with connection.begin_nested() as savepoint:
            await connection.execute(Note.__table__.insert().values(what="undone"))
            await savepoint.rollback()
        await stand.write("two")

    await stand.send(work)
    assert await stand.notes() == ["one", "two"]


async def test_a_rollback_of_the_unit_itself_before_its_end_undoes_all(stand: Service) -> None:
    async with stand.db.unit_of_work() as unit:
        await note(unit.session, "undone")
        await unit.rollback()
    assert await stand.notes() == []


@pytest.mark.parametrize("way", ENDS[:2], ids=name)
async def test_a_session_that_was_brought_is_guarded_too(stand: Service, way: Any) -> None:
    async with stand.sessions() as own:
        with pytest.raises(UnitOfWorkStateError):
            async with SqlAlchemyUnitOfWork(own):
                await note(own, "undone")
                await way()
    assert await stand.notes() == []


async def test_a_commit_of_a_session_that_was_brought_raises(stand: Service) -> None:
    async with stand.sessions() as own:
        with pytest.raises(UnitOfWorkStateError):
            async with SqlAlchemyUnitOfWork(own):
                await note(own, "undone")
                await own.commit()
    assert await stand.notes() == []


async def test_a_commit_that_was_refused_in_a_loop_does_not_commit_later(stand: Service) -> None:
    async def work() -> None:
        for number in range(3):
            await stand.write(str(number))
            with pytest.raises(UnitOfWorkStateError):
                await session().commit()
        raise Deliberate

    with pytest.raises(Deliberate):
        await stand.send(work)
    assert await stand.notes() == []
