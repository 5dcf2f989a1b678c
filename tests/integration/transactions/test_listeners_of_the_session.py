"""Listeners of SQLAlchemy that add to the outbox: what they add is part of the transaction until its COMMIT is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import Session

import cqrs
from cqrs.errors import TransactionEnded
from cqrs.unit_of_work.sqlalchemy.unit import SqlAlchemyUnitOfWork
from tests.helpers.errors import Deliberate
from tests.integration.transactions.stand import REGISTRY, Base, Note, Run, Told, note

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.integration.transactions.stand import Service

LISTENERS = ["before_flush", "after_flush", "after_flush_postexec", "after_insert", "before_commit"]


class OwnSession(Session):
    """Sessions of the test alone: listeners belong to a class."""


@pytest.fixture
def listening() -> Iterator[Callable[[str, Callable[[Any], None]], None]]:
    """Calls a function with the session, once, when something happens to it."""
    added: list[tuple[Any, str, Any]] = []

    def listen(name: str, act: Callable[[Any], None]) -> None:
        seen: list[Any] = []

        def heard(*given: Any) -> None:
            if not seen:
                seen.append(given)
                act(given[0])

        target: Any = Note if name == "after_insert" else OwnSession
        event.listen(target, name, heard)
        added.append((target, name, heard))

    yield listen
    for target, name, heard in added:
        event.remove(target, name, heard)


@pytest.fixture
def db(stand: Service) -> cqrs.Database[Any]:
    sessions = async_sessionmaker(stand.engine, expire_on_commit=False, sync_session_class=OwnSession)
    return cqrs.Database(sessions, metadata=Base.metadata, registry=REGISTRY)


@pytest.mark.parametrize("flushed", [True, False], ids=["flushed before", "flushed by the commit"])
@pytest.mark.parametrize("name", LISTENERS)
async def test_messages_added_by_a_listener_are_committed(
    stand: Service, db: cqrs.Database[Any], listening: Any, name: str, *, flushed: bool
) -> None:
    async def work() -> None:
        db.outbox.add(Told(payload="first"), key="one")
        db.session.add(Note(what="one"))
        if flushed:
            await db.session.flush()

    listening(name, lambda _: db.outbox.add(Told(payload="second"), key="one"))
    await stand.bootstrap(db).send(Run(work))
    assert (await stand.notes(), await stand.messages()) == (["one"], ["first", "second"])


@pytest.mark.parametrize("name", ["before_flush", "after_flush", "before_commit"])
async def test_messages_added_by_a_listener_to_its_session_are_committed(
    stand: Service, db: cqrs.Database[Any], listening: Any, name: str
) -> None:
    listening(name, lambda session: db.outbox.add(session, Told(payload="one")))
    async with db.transaction():
        db.session.add(Note(what="one"))
    assert await stand.messages() == ["one"]


@pytest.mark.parametrize("name", LISTENERS)
async def test_messages_added_by_a_listener_are_undone_with_the_rest(
    stand: Service, db: cqrs.Database[Any], listening: Any, name: str
) -> None:
    async def work() -> None:
        await note(db.session, "undone")
        raise Deliberate

    listening(name, lambda _: db.outbox.add(Told(payload="undone")))
    with pytest.raises(Deliberate):
        await stand.bootstrap(db).send(Run(work))
    assert (await stand.notes(), await stand.messages()) == ([], [])


@pytest.mark.parametrize("name", LISTENERS)
async def test_a_session_that_was_brought_takes_what_a_listener_adds(
    stand: Service, db: cqrs.Database[Any], listening: Any, name: str
) -> None:
    listening(name, lambda _: db.outbox.add(Told(payload="one")))
    async with AsyncSession(stand.engine, sync_session_class=OwnSession) as session:
        async with SqlAlchemyUnitOfWork(session):
            session.add(Note(what="one"))
        async with SqlAlchemyUnitOfWork(session):
            session.add(Note(what="two"))
    assert (await stand.notes(), await stand.messages()) == (["one", "two"], ["one"])


async def test_messages_added_after_the_commit_was_sent_are_refused(
    stand: Service, db: cqrs.Database[Any], listening: Any
) -> None:
    caught: list[type[BaseException]] = []

    def late(session: Any) -> None:
        for add in (lambda: db.outbox.add(Told(payload="lost")), lambda: db.outbox.add(session, Told(payload="lost"))):
            try:
                add()
            except TransactionEnded as error:
                caught.append(type(error))

    listening("after_commit", late)
    async with db.transaction():
        await note(db.session, "one")
    assert caught == [TransactionEnded, TransactionEnded]
    assert (await stand.notes(), await stand.messages()) == (["one"], [])
