"""``db.session``, which is at each call the session of the open transaction."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

import cqrs
from cqrs.errors import NoOpenTransaction, OtherDatabase, OtherTask, UnitOfWorkStateError
from cqrs.unit_of_work.sqlalchemy.unit import SqlAlchemyUnitOfWork
from tests.helpers.errors import Deliberate
from tests.integration.transactions.stand import Account, Base, Note, Run, note

if TYPE_CHECKING:
    from tests.integration.transactions.stand import Service


class Notebook:
    """A repository that is made once and keeps its session."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def write(self, what: str) -> None:
        await note(self.session, what)


async def test_a_singleton_writes_in_the_transaction_of_each_turn(stand: Service) -> None:
    notebook = Notebook(stand.db.session)

    async def fails() -> None:
        await notebook.write("undone")
        raise Deliberate

    await stand.send(lambda: notebook.write("one"))
    with pytest.raises(Deliberate):
        await stand.send(fails)
    await stand.send(lambda: notebook.write("two"))
    assert await stand.notes() == ["one", "two"]


@pytest.mark.parametrize("how", ["commit", "rollback", "close", "aclose", "reset", "invalidate"])
async def test_ending_it_raises_and_changes_nothing(stand: Service, how: str) -> None:
    async def work() -> None:
        await stand.write("before")
        with pytest.raises(UnitOfWorkStateError, match="leave commit, rollback and close"):
            await getattr(stand.db.session, how)()
        await stand.write("after")

    await stand.send(work)
    assert await stand.notes() == ["before", "after"]


async def test_a_commit_that_is_refused_commits_nothing(stand: Service) -> None:
    async def work() -> None:
        await stand.write("before")
        await stand.db.session.commit()

    with pytest.raises(UnitOfWorkStateError):
        await stand.send(work)
    assert await stand.notes() == []


async def test_async_with_neither_commits_nor_closes_it(stand: Service) -> None:
    async def work() -> None:
        async with stand.db.session as session:
            await note(session, "one")
        assert await stand.notes() == []
        await stand.write("two")

    await stand.send(work)
    assert await stand.notes() == ["one", "two"]


async def test_begin_is_a_savepoint(stand: Service) -> None:
    async def work() -> None:
        await stand.write("one")
        with pytest.raises(Deliberate):
            async with stand.db.session.begin():
                await stand.write("undone")
                raise Deliberate
        async with stand.db.session.begin():
            await stand.write("two")
        assert await stand.notes() == []

    await stand.send(work)
    assert await stand.notes() == ["one", "two"]


async def test_it_raises_where_no_transaction_is_open(stand: Service) -> None:
    with pytest.raises(NoOpenTransaction, match=r"async with db\.transaction"):
        await stand.db.session.execute(select(Note))
    with pytest.raises(NoOpenTransaction):
        stand.db.session.add(Note(what="lost"))


async def test_it_raises_after_the_turn(stand: Service) -> None:
    await stand.send(stand.writes("one"))
    with pytest.raises(NoOpenTransaction):
        await stand.write("lost")
    assert await stand.notes() == ["one"]


async def test_it_raises_in_another_task(stand: Service) -> None:
    async def work() -> None:
        await stand.write("one")
        with pytest.raises(OtherTask, match="one after the other"):
            await asyncio.create_task(stand.write("lost"))

    await stand.send(work)
    assert await stand.notes() == ["one"]


async def test_gathered_writes_raise_and_undo_the_turn(stand: Service) -> None:
    async def work() -> None:
        await asyncio.gather(stand.write("one"), stand.write("two"))

    with pytest.raises(OtherTask):
        await stand.send(work)
    assert await stand.notes() == []


async def test_a_task_that_outlives_the_turn_cannot_write(stand: Service) -> None:
    go = asyncio.Event()
    tasks: list[asyncio.Task[None]] = []

    async def later() -> None:
        await go.wait()
        await stand.write("lost")

    async def work() -> None:
        tasks.append(asyncio.create_task(later()))
        await stand.write("one")

    await stand.send(work)
    go.set()
    with pytest.raises(UnitOfWorkStateError):
        await tasks[0]
    assert await stand.notes() == ["one"]


async def test_it_raises_in_the_transaction_of_another_database(stand: Service, other: Service) -> None:
    async def work() -> None:
        await stand.write("undone")
        await other.write("lost")

    with pytest.raises(OtherDatabase):
        await stand.send(work)
    assert await stand.notes() == await other.notes() == []


async def test_each_of_two_open_transactions_has_its_own(stand: Service, other: Service) -> None:
    async def work() -> None:
        await stand.write("here")
        async with other.db.transaction():
            await other.write("there")
            await stand.write("here too")

    await stand.send(work)
    assert (await stand.notes(), await other.notes()) == (["here", "here too"], ["there"])


class OwnSession(AsyncSession):
    """A session class of a user."""

    def __init__(self, *args: Any, tenant: str = "acme", **options: Any) -> None:
        super().__init__(*args, **options)
        self.tenant = tenant

    async def write(self, what: str) -> None:
        await note(self, what)


async def test_it_is_of_the_session_class_of_the_sessionmaker(stand: Service) -> None:
    db = cqrs.Database(async_sessionmaker(stand.engine, class_=OwnSession, tenant="emca"), metadata=Base.metadata)

    async def work() -> None:
        assert isinstance(db.session, OwnSession)
        assert db.session.tenant == "emca"
        await db.session.write("one")

    await stand.bootstrap(db).send(Run(work))
    assert await stand.notes() == ["one"]


async def test_synchronous_code_runs_with_the_real_session(stand: Service) -> None:
    await stand.send(
        lambda: stand.db.session.run_sync(lambda session: session.execute(insert(Note).values(what="one")))
    )
    assert await stand.notes() == ["one"]


async def test_it_streams(stand: Service) -> None:
    async def work() -> list[str]:
        await stand.writes("one", "two")()
        rows = await stand.db.session.stream(select(Note.what).order_by(Note.id))
        found = [row.what async for row in rows]
        scalars = await stand.db.session.stream_scalars(select(Note.what).order_by(Note.id))
        return found + [what async for what in scalars]

    assert await stand.send(work) == ["one", "two", "one", "two"]


async def test_it_is_bound_to_the_engine_of_its_database(stand: Service) -> None:
    async def work() -> bool:
        return stand.db.session.get_bind().dialect is stand.engine.sync_engine.dialect

    assert await stand.send(work)


async def test_it_does_what_a_session_does(stand: Service) -> None:
    async def work() -> None:
        session = stand.db.session
        first = Note(what="one")
        session.add_all([first, second := Note(what="two")])
        assert set(session.new) == {first, second}
        await session.flush()
        assert first in session
        assert await session.get(Note, first.id) is first
        second.what = "deux"
        assert session.is_modified(second)
        await session.flush()
        await session.refresh(second)
        await session.delete(first)
        with session.no_autoflush:
            assert first in session.deleted
        merged = await session.merge(Note(id=second.id, what="zwei"))
        assert merged is second
        assert session.in_transaction()

    await stand.send(work)
    assert await stand.notes() == ["zwei"]


async def test_lazy_attributes_are_loaded_through_the_session_of_the_turn(stand: Service) -> None:
    async def work() -> str:
        await stand.write("one")
        found = await stand.db.session.scalar(select(Note))
        assert found is not None
        stand.db.session.expire(found)
        await stand.db.session.refresh(found, ["what"])
        return found.what

    assert await stand.send(work) == "one"


@pytest.mark.parametrize("unit_of_ours", [False, True])
async def test_an_object_can_be_read_after_its_commit_whatever_the_sessionmaker_sets(
    stand: Service, *, unit_of_ours: bool
) -> None:
    sessions = async_sessionmaker(stand.engine, expire_on_commit=True)
    unit = SqlAlchemyUnitOfWork(sessions) if unit_of_ours else cqrs.Database(sessions).unit_of_work()
    async with unit:
        account = Account(id=1, balance=100)
        unit.session.add(account)
    assert (account.id, account.balance, account.version) == (1, 100, 1)
