"""Sessions and connections beside that of the open transaction: what they write would be committed by itself."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession, async_scoped_session, async_sessionmaker

import cqrs
from cqrs.errors import SecondTransaction, UnitOfWorkStateError
from cqrs.unit_of_work import current_unit_of_work
from cqrs.unit_of_work.sqlalchemy.unit import SqlAlchemyUnitOfWork
from tests.helpers.errors import Deliberate
from tests.integration.transactions.stand import Base, Happened, Note, Told, elsewhere, engine_at, note

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from tests.integration.transactions.stand import Service

INSERT = insert(Note).values(what="lost")


async def _by_a_new_session(stand: Service) -> None:
    async with stand.sessions() as session:
        await note(session, "lost")
        await session.commit()


async def _by_a_session_that_begins(stand: Service) -> None:
    async with stand.sessions.begin() as session:
        await note(session, "lost")


async def _by_a_scoped_session(stand: Service) -> None:
    sessions = async_scoped_session(stand.sessions, asyncio.current_task)
    try:
        await sessions.execute(INSERT)
        await sessions.commit()
    finally:
        await sessions.remove()


async def _by_a_connection(stand: Service) -> None:
    async with stand.engine.connect() as connection:
        await connection.execute(INSERT)
        await connection.commit()


async def _by_a_connection_that_begins(stand: Service) -> None:
    async with stand.engine.begin() as connection:
        await connection.execute(INSERT)


async def _by_a_copy_of_the_engine_that_commits_by_itself(stand: Service) -> None:
    async with stand.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        await connection.execute(INSERT)


async def _by_a_connection_that_commits_by_itself(stand: Service) -> None:
    async with stand.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(INSERT)


async def _by_a_read(stand: Service) -> None:
    async with stand.sessions() as session:
        await session.execute(select(Note))


WAYS = [
    _by_a_new_session,
    _by_a_session_that_begins,
    _by_a_scoped_session,
    _by_a_connection,
    _by_a_connection_that_begins,
    _by_a_copy_of_the_engine_that_commits_by_itself,
    _by_a_connection_that_commits_by_itself,
    _by_a_read,
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__.strip("_"))
async def test_a_second_session_raises_before_it_writes(stand: Service, way: Any) -> None:
    async def work() -> None:
        await stand.write("undone")
        await way(stand)

    with pytest.raises(SecondTransaction, match="separate_transaction"):
        await stand.send(work)
    assert await stand.notes() == []


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__.strip("_"))
async def test_a_second_session_raises_although_the_transaction_has_not_begun(stand: Service, way: Any) -> None:
    with pytest.raises(SecondTransaction):
        await stand.send(lambda: way(stand))
    assert await stand.notes() == []


async def test_a_session_over_a_copy_of_the_engine_that_commits_by_itself_is_refused(stand: Service) -> None:
    engine = stand.engine.execution_options(isolation_level="AUTOCOMMIT")

    async def work() -> None:
        async with AsyncSession(engine) as session:
            await session.execute(INSERT)

    with pytest.raises(SecondTransaction):
        await stand.send(work)
    assert await stand.notes() == []


async def test_an_engine_that_commits_each_statement_by_itself_is_refused_for_transactions(
    address: str, stand: Service
) -> None:
    engine = engine_at(address, isolation_level="AUTOCOMMIT")
    db = cqrs.Database(engine, metadata=Base.metadata)
    with pytest.raises(UnitOfWorkStateError, match="AUTOCOMMIT"):
        async with db.transaction() as session:
            await session.execute(INSERT)
    await engine.dispose()
    assert await stand.notes() == []


async def test_a_task_of_the_turn_cannot_open_one_either(stand: Service) -> None:
    async def work() -> None:
        await stand.write("undone")
        await asyncio.create_task(_by_a_new_session(stand))

    with pytest.raises(SecondTransaction):
        await stand.send(work)
    assert await stand.notes() == []


async def test_a_session_that_began_before_the_turn_cannot_write_in_it(postgres_stand: Service) -> None:
    """As that of a container's request scope, through which the user was read before the command was sent."""
    stand = postgres_stand
    async with stand.sessions() as session:
        await session.execute(select(Note))

        async def work() -> None:
            await note(session, "lost")

        with pytest.raises(SecondTransaction):
            await stand.send(work)
    assert await stand.notes() == []


async def test_a_connection_that_began_before_the_turn_cannot_write_in_it(postgres_stand: Service) -> None:
    stand = postgres_stand
    async with stand.engine.connect() as connection:
        await connection.execute(select(Note))
        with pytest.raises(SecondTransaction):
            await stand.send(lambda: connection.execute(INSERT))
    assert await stand.notes() == []


async def test_an_event_handler_cannot_open_one_either(stand: Service) -> None:
    async def work(events: Any) -> None:
        await stand.write("undone")
        events.record(Happened(lambda: _by_a_new_session(stand)))

    with pytest.raises(SecondTransaction):
        await stand.record(work)
    assert await stand.notes() == []


async def test_a_second_engine_over_the_same_database_is_refused_too(stand: Service) -> None:
    async def work() -> None:
        await stand.write("undone")
        async with async_sessionmaker(stand.outside).begin() as session:
            await note(session, "lost")

    with pytest.raises(SecondTransaction):
        await stand.send(work)
    assert await stand.notes() == []


async def test_an_object_that_is_added_to_another_session_raises(stand: Service) -> None:
    async def work() -> None:
        async with stand.sessions() as session:
            session.add(Note(what="lost"))

    with pytest.raises(SecondTransaction):
        await stand.send(work)
    assert await stand.notes() == []


async def test_a_separate_transaction_is_committed_although_the_turn_fails(stand: Service) -> None:
    async def work() -> None:
        async with stand.db.separate_transaction() as session:
            await note(session, "kept")
        await stand.write("undone")
        raise Deliberate

    with pytest.raises(Deliberate):
        await stand.send(work)
    assert await stand.notes() == ["kept"]


async def test_a_separate_transaction_is_undone_alone(stand: Service) -> None:
    async def work() -> None:
        with pytest.raises(Deliberate):
            async with stand.db.separate_transaction():
                await stand.write("undone")
                raise Deliberate
        await stand.write("kept")

    await stand.send(work)
    assert await stand.notes() == ["kept"]


async def test_a_separate_transaction_goes_beside_one_that_has_written(server_stand: Service) -> None:
    stand = server_stand

    async def work() -> None:
        await stand.write("undone")
        async with stand.db.separate_transaction():
            await stand.write("kept")
        await stand.write("undone too")
        raise Deliberate

    with pytest.raises(Deliberate):
        await stand.send(work)
    assert await stand.notes() == ["kept"]


async def test_a_separate_transaction_of_sqlite_raises_at_once_in_one_that_has_begun(sqlite_stand: Service) -> None:
    stand = sqlite_stand

    async def work() -> None:
        await stand.write("one")
        with pytest.raises(SecondTransaction, match="one write at a time"):
            async with stand.db.separate_transaction():
                raise AssertionError

    await stand.send(work)
    assert await stand.notes() == ["one"]


async def test_a_separate_transaction_that_reads_goes_beside_any(stand: Service) -> None:
    async def work() -> list[str]:
        await stand.write("one")
        async with stand.db.separate_transaction(read_only=True) as session:
            return list(await session.scalars(select(Note.what)))

    assert await stand.send(work) == []
    assert await stand.notes() == ["one"]


async def test_the_open_transaction_is_in_sight_again_after_a_separate_one(stand: Service) -> None:
    async def work() -> bool:
        unit = current_unit_of_work()
        async with stand.db.separate_transaction():
            beside = current_unit_of_work()
        return unit is not beside and current_unit_of_work() is unit

    assert await stand.send(work)


async def test_the_short_transactions_of_an_outbox_go_beside_the_open_one(stand: Service) -> None:
    async with stand.db.transaction():
        stand.db.outbox.add(Told(payload="sent"))

    async def work() -> None:
        (message,) = await stand.db.outbox.get_many(10)
        await stand.db.outbox.update_status(message.id, "produced")
        await stand.db.outbox.commit()
        await stand.write("one")

    await stand.send(work)
    assert await stand.db.outbox.get_many(10) == []
    assert await stand.notes() == ["one"]


async def test_a_second_unit_over_the_database_of_an_open_one_raises(stand: Service) -> None:
    async def work() -> None:
        await stand.write("undone")
        async with SqlAlchemyUnitOfWork(stand.sessions):
            raise AssertionError

    with pytest.raises(SecondTransaction, match="A second unit of work"):
        await stand.send(work)
    assert await stand.notes() == []


async def test_a_second_unit_over_the_session_of_an_open_one_raises(stand: Service) -> None:
    async def work() -> None:
        await stand.write("undone")
        async with SqlAlchemyUnitOfWork(current_unit_of_work().session):  # type: ignore[union-attr]
            raise AssertionError

    with pytest.raises(SecondTransaction):
        await stand.send(work)
    assert await stand.notes() == []


async def test_a_second_unit_over_a_session_that_another_task_has_brought_raises(stand: Service) -> None:
    """One session for all requests: the second would commit what the first has not finished."""

    async def second(session: AsyncSession) -> None:
        async with SqlAlchemyUnitOfWork(session):
            raise AssertionError

    async with stand.sessions() as session, SqlAlchemyUnitOfWork(session):
        await note(session, "one")
        with pytest.raises(SecondTransaction, match="over one session"):
            await elsewhere(second(session))
    assert await stand.notes() == ["one"]


async def test_a_second_unit_over_the_session_of_the_transaction_raises(stand: Service) -> None:
    async def work() -> None:
        await stand.write("undone")
        async with SqlAlchemyUnitOfWork(stand.db.session):
            raise AssertionError

    with pytest.raises(SecondTransaction):
        await stand.send(work)
    assert await stand.notes() == []


async def test_another_database_object_over_the_same_engine_joins(stand: Service) -> None:
    second = cqrs.Database(stand.engine, metadata=Base.metadata)

    async def work() -> None:
        with pytest.raises(Deliberate):
            async with second.transaction() as session:
                await note(session, "undone")
                raise Deliberate
        async with second.transaction() as session:
            await note(session, "one")
        assert await stand.notes() == []

    await stand.send(work)
    assert await stand.notes() == ["one"]


async def test_two_tasks_that_share_no_turn_have_transactions_of_their_own(stand: Service) -> None:
    await asyncio.gather(stand.send(stand.writes("one")), stand.send(stand.writes("two")))
    assert sorted(await stand.notes()) == ["one", "two"]


async def _told(engine: AsyncEngine) -> Any:
    async with engine.connect() as connection:
        return await connection.scalar(text("select 1"))


async def test_other_databases_may_be_read_within_a_turn(stand: Service, other: Service) -> None:
    async def work() -> Any:
        await stand.write("one")
        return await _told(other.engine)

    assert await stand.send(work) == 1
