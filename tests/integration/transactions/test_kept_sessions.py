"""The session of a unit of work that is over: nothing would commit what is written through it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert, select

from cqrs.errors import TransactionEnded, UnitOfWorkStateError
from cqrs.unit_of_work import current_unit_of_work
from cqrs.unit_of_work.sqlalchemy.unit import SqlAlchemyUnitOfWork
from tests.helpers.errors import Deliberate
from tests.integration.transactions.stand import Note, Told, note

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from tests.integration.transactions.stand import Service


def real_session() -> AsyncSession:
    """The session of the unit itself, as code of before ``db.session`` keeps it."""
    unit = current_unit_of_work()
    assert unit is not None
    found: AsyncSession = unit.session
    return found


async def kept(stand: Service) -> AsyncSession:
    """The session of a turn that is over."""

    async def work() -> AsyncSession:
        await stand.write("one")
        return real_session()

    session: AsyncSession = await stand.send(work)
    return session


async def _execute(session: AsyncSession) -> None:
    await session.execute(insert(Note).values(what="lost"))


async def _flush(session: AsyncSession) -> None:
    await note(session, "lost")


async def _commit(session: AsyncSession) -> None:
    session.add(Note(what="lost"))
    await session.commit()


async def _read(session: AsyncSession) -> None:
    await session.execute(select(Note))


@pytest.mark.parametrize("use", [_execute, _flush, _commit, _read], ids=lambda use: use.__name__.strip("_"))
async def test_a_session_whose_unit_has_ended_raises_when_it_begins_again(stand: Service, use: Any) -> None:
    session = await kept(stand)
    with pytest.raises(TransactionEnded, match="after its end"):
        await use(session)
    await session.close()
    assert await stand.notes() == ["one"]


async def test_it_raises_in_the_next_turn_too(stand: Service) -> None:
    session = await kept(stand)

    async def work() -> None:
        await stand.write("undone")
        await _flush(session)

    with pytest.raises(UnitOfWorkStateError):
        await stand.send(work)
    await session.close()
    assert await stand.notes() == ["one"]


async def test_it_raises_after_a_turn_that_failed(stand: Service) -> None:
    sessions: list[AsyncSession] = []

    async def work() -> None:
        sessions.append(real_session())
        await stand.fails("undone")()

    with pytest.raises(Deliberate):
        await stand.send(work)
    with pytest.raises(TransactionEnded):
        await _flush(sessions[0])
    await sessions[0].close()
    assert await stand.notes() == []


async def test_it_raises_after_a_commit_before_the_end_of_its_block(stand: Service) -> None:
    async with stand.db.unit_of_work() as unit:
        session = unit.session
        await note(session, "one")
        await unit.commit()
        with pytest.raises(TransactionEnded):
            await _flush(session)
    assert await stand.notes() == ["one"]


async def test_an_outbox_takes_no_message_for_it(stand: Service) -> None:
    session = await kept(stand)
    with pytest.raises(TransactionEnded, match="belongs to a unit of work that is over"):
        stand.db.outbox.add(session, Told(payload="lost"))
    assert await stand.messages() == []


async def test_a_unit_gives_no_session_after_its_end(stand: Service) -> None:
    async with stand.db.unit_of_work() as unit:
        await note(unit.session, "one")
    with pytest.raises(TransactionEnded):
        assert unit.session


async def test_a_session_that_was_brought_is_its_owners_again(stand: Service) -> None:

    async with stand.sessions() as session:
        async with SqlAlchemyUnitOfWork(session):
            await note(session, "one")
        await note(session, "two")
        await session.commit()
    assert await stand.notes() == ["one", "two"]
