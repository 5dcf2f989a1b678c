"""One tiny program while it runs: its parts, what its code has committed by itself, and what it does apart."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import async_sessionmaker

import cqrs
from tests.natural.messages import TOPIC, Row, Told

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Coroutine

    from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

    from tests.natural.habits import Habit


class World:
    """What the handlers of a program find around them. `own` is what they have committed without the framework."""

    def __init__(self, habit: Habit, engine: AsyncEngine, other: cqrs.Database, *, binds_by_itself: bool) -> None:
        self.habit = habit
        self.engine = engine
        self.other = other
        self.requests: Any = None
        self.requests_too: Any = None
        self.attempts: Counter[str] = Counter()
        self.own: Counter[str] = Counter()
        self.own_messages: Counter[str] = Counter()
        self.own_elsewhere: Counter[str] = Counter()
        self.opened: list[AsyncSession] = []
        self.tasks: list[asyncio.Task[None]] = []
        self.kept: Any = None
        self.first: Any = None
        self.outbox: Any = None
        self.limit: Any = None
        self.reached = asyncio.Event()
        self.answered = asyncio.Event()
        self.chunks: int | None = None
        self.errors: list[Exception] = []
        self.binds_by_itself = binds_by_itself
        self.sessions: Any = async_sessionmaker(engine, expire_on_commit=False)

    def apart(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """A task of the program itself that is not awaited before its transaction is over."""
        task = asyncio.create_task(work)
        self.tasks.append(task)
        return task

    async def apart_is_done(self) -> list[BaseException]:
        """What became of these tasks: their errors."""
        results = await asyncio.gather(*self.tasks, return_exceptions=True)
        return [result for result in results if isinstance(result, BaseException)]

    def first_time(self, what: str) -> bool:
        self.attempts[what] += 1
        return self.attempts[what] == 1

    async def aclose(self) -> None:
        for session in self.opened:
            with suppress(cqrs.CQRSError):  # that of the open transaction is not closed by anybody
                await session.close()
        await self.other.engine.dispose()
        await self.engine.dispose()


class Work:
    """What a handler writes through one session. The store that gave it out decides how others see it."""

    def __init__(self, world: World, session: AsyncSession, recorder: Any = None, outbox: Any = None) -> None:
        self.world = world
        self.session = session
        world.opened.append(session)
        self._recorder = recorder
        self._outbox = outbox
        self._written: list[str] = []
        self._told: list[str] = []

    async def write(self, *names: str) -> None:
        for name in names:
            self.add(name)
        await self.session.flush()

    def add(self, name: str) -> None:
        """Write a row later, with the next flush."""
        self._written.append(name)
        self.session.add(Row(name=name))

    def undone(self, name: str) -> None:
        """The program has undone a row by itself."""
        self._written.remove(name)

    def tell(self, name: str) -> None:
        event = Told(topic=TOPIC, payload=name)
        if self._outbox is None:
            self._recorder.record(event)
        else:
            self._told.append(name)
            self._outbox.add(event)

    async def take(self, name: str) -> None:
        """Take a name; it may be taken already."""
        await self.session.execute(text("insert into taken (name) values (:name)"), {"name": name})

    async def wait(self, seconds: float) -> None:
        """A statement that takes long."""
        slow = {"postgresql": "pg_sleep"}.get(self.world.engine.dialect.name, "sleep")
        await self.session.execute(text(f"select {slow}({seconds})"))

    async def commit(self) -> None:
        """What the program commits by itself, out loud."""
        await self.session.commit()
        self.is_committed()

    async def rollback(self) -> None:
        await self.session.rollback()
        self._written.clear()
        self._told.clear()

    def is_committed(self) -> None:
        """What was written so far stays, whatever becomes of the turn."""
        self.world.own.update(self._written)
        self.world.own_messages.update(self._told)
        self._written, self._told = [], []


class Turn:
    """What a habit has: the handler that it is the body of, and how that gets its session."""

    def __init__(self, world: World, store: Any, recorder: Any) -> None:
        self.world = world
        self.store = store
        self.recorder = recorder

    @asynccontextmanager
    async def work(self) -> AsyncGenerator[Work, None]:
        """A session, in the way of the wiring."""
        async with self.store.work(self.world, self.recorder) as work:
            yield work

    async def write(self, *names: str) -> None:
        async with self.work() as work:
            await work.write(*names)

    async def effect(self, name: str) -> None:
        """A row and a message about it."""
        async with self.work() as work:
            await work.write(name)
            work.tell(name)

    def record(self, event: Any) -> None:
        self.recorder.record(event)

    async def send(self, request: Any) -> Any:
        return await self.world.requests.send(request)
