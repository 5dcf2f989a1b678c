"""How the handlers of a program get a session: one class for each habit of getting one."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy.ext.asyncio import AsyncSession  # noqa: TC002  # containers read it

import cqrs
from tests.natural.messages import Kaput, OwnSession
from tests.natural.world import Work, World

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


class Store:
    """What a handler asks for."""

    def work(self, world: World, recorder: Any) -> Any:
        raise NotImplementedError


class InjectedStore(Store):
    """Over a session that the container gives."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    @asynccontextmanager
    async def work(self, world: World, recorder: Any) -> AsyncGenerator[Work, None]:
        yield Work(world, self._session, recorder, world.outbox)


class OwnClassStore(Store):
    """Over a session that the container gives, of the team's own class."""

    def __init__(self, session: OwnSession) -> None:
        self._session = session

    @asynccontextmanager
    async def work(self, world: World, recorder: Any) -> AsyncGenerator[Work, None]:
        assert isinstance(self._session, OwnSession)
        yield Work(world, self._session, recorder)


class UnitStore(Store):
    """Over the session of the open unit of work."""

    @asynccontextmanager
    async def work(self, world: World, recorder: Any) -> AsyncGenerator[Work, None]:
        unit = cqrs.current_unit_of_work()
        if unit is None:
            raise Kaput
        yield Work(world, unit.session, recorder)


class TransactionStore(Store):
    """`async with db.transaction()` in the handler."""

    def __init__(self, database: cqrs.Database, *, joins: bool) -> None:
        self._database = database
        self._joins = joins

    @asynccontextmanager
    async def work(self, world: World, recorder: Any) -> AsyncGenerator[Work, None]:
        alone = cqrs.current_unit_of_work() is None
        async with self._database.transaction() as session:
            work = Work(world, session, recorder, None if self._joins else self._database.outbox)
            yield work
        if alone:
            work.is_committed()


class SessionmakerStore(Store):
    """`async with sessions() as session: ... await session.commit()` in the handler."""

    def __init__(self, sessions: Any) -> None:
        self._sessions = sessions

    @asynccontextmanager
    async def work(self, world: World, recorder: Any) -> AsyncGenerator[Work, None]:
        async with self._sessions() as session:
            work = Work(world, session, recorder)
            yield work
            await session.commit()
        work.is_committed()


class OutboxStore(Store):
    """`async with outbox as session: ... await outbox.commit(session)` in the handler."""

    def __init__(self, outbox: cqrs.SqlAlchemyOutboxedEventRepository) -> None:
        self._outbox = outbox

    @asynccontextmanager
    async def work(self, world: World, recorder: Any) -> AsyncGenerator[Work, None]:
        alone = cqrs.current_unit_of_work() is None
        async with self._outbox as session:
            work = Work(world, session, recorder, self._outbox)
            yield work
            await self._outbox.commit(session)
        if alone:
            work.is_committed()
