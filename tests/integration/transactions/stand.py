"""A service over one database, and a look into that from outside."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from contextvars import Context
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Integer, String, event, select
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

import cqrs
from cqrs.events.bootstrap import bootstrap as bootstrap_events
from cqrs.events.registry import EventRegistry
from cqrs.message_brokers.protocol import Message
from cqrs.outbox.sqlalchemy.model import outbox_model
from cqrs.requests.bootstrap import bootstrap, bootstrap_streaming
from cqrs.workers.consumer.consumer import Consumer, ConsumerPolicy
from tests.helpers.errors import Deliberate
from tests.helpers.waiting import AT_ONCE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine

    from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

T = TypeVar("T")


class Base(DeclarativeBase):
    """The tables of the service."""


class Note(Base):
    """What a handler writes."""

    __tablename__ = "notes"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    what: Mapped[str] = mapped_column(String(100), unique=True)


class Account(Base):
    """A row that several write, with a version."""

    __tablename__ = "accounts"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    balance: Mapped[int] = mapped_column(Integer)
    version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  # the name is SQLAlchemy's


@dataclasses.dataclass(frozen=True)
class Run(cqrs.DCRequest[Any]):
    """A command whose handler does ``work``."""

    work: Callable[..., Awaitable[Any]]


@dataclasses.dataclass(frozen=True)
class Record(cqrs.DCRequest[Any]):
    """A command whose handler does ``work`` with its recorder of events."""

    work: Callable[[cqrs.EventRecorder], Awaitable[Any]]


@dataclasses.dataclass(frozen=True)
class Watch(cqrs.DCRequest[Any]):
    """A request that is answered by the stream ``chunks``."""

    chunks: Callable[[], AsyncIterator[Any]]


@dataclasses.dataclass(frozen=True)
class Happened(cqrs.DCEvent):
    """A domain event whose handlers do ``work``."""

    work: Callable[[], Awaitable[Any]]


class Ordered(cqrs.NotificationEvent[int]):
    """What arrives."""

    event_name: str = "ordered"
    topic: str = "orders"


class Told(cqrs.NotificationEvent[str]):
    """What leaves."""

    event_name: str = "told"
    topic: str = "news"


REGISTRY = EventRegistry()
REGISTRY.register(Ordered, "ordered")
REGISTRY.register(Told, "told")


async def run(command: Run) -> Any:
    return await command.work()


async def record(command: Record, events: cqrs.EventRecorder) -> Any:
    return await command.work(events)


async def watch(request: Watch) -> AsyncIterator[Any]:
    async for chunk in request.chunks():
        yield chunk


async def react(event: Happened) -> None:
    await event.work()


def bind(requests: cqrs.RequestMap) -> None:
    requests.bind(Run, run)
    requests.bind(Record, record)


def ordered(number: int, key: str | None = None) -> Message:
    """The message that carries a number."""
    event = Ordered(payload=number)
    return Message("ordered", event.topic, event.to_dict(), event.event_id, key=key)


class Service:
    """A service over ``engine``. ``outside`` is an engine of its own over the same database."""

    def __init__(self, engine: AsyncEngine, outside: AsyncEngine) -> None:
        self.engine, self.outside = engine, outside
        self.sessions = async_sessionmaker(engine, expire_on_commit=False)
        self.db = cqrs.Database(self.sessions, metadata=Base.metadata, registry=REGISTRY)
        self.mediator = self.bootstrap()

    @property
    def kind(self) -> str:
        return {"mysql": "mariadb"}.get(self.engine.dialect.name, self.engine.dialect.name)

    def bootstrap(self, database: Any = None, **options: Any) -> cqrs.RequestMediator:
        """A mediator for ``Run``, ``Record`` and ``Happened``."""
        options.setdefault("commands_mapper", bind)
        options.setdefault("domain_events_mapper", lambda m: m.bind(Happened, react))
        return bootstrap(database=database or self.db, **options)

    def streaming(self, **options: Any) -> cqrs.StreamingRequestMediator:
        """A mediator for ``Watch``."""
        return bootstrap_streaming(commands_mapper=lambda m: m.bind(Watch, watch), database=self.db, **options)

    async def send(self, work: Callable[[], Awaitable[Any]]) -> Any:
        """The turn of a command that does ``work``."""
        return await self.mediator.send(Run(work))

    async def record(self, work: Callable[[cqrs.EventRecorder], Awaitable[Any]]) -> Any:
        """The turn of a command that does ``work`` with a recorder."""
        return await self.mediator.send(Record(work))

    def writes(self, *what: str) -> Callable[[], Awaitable[None]]:
        """Work that writes ``what`` through the session of the transaction."""

        async def work() -> None:
            for one in what:
                await self.write(one)

        return work

    def fails(self, *what: str) -> Callable[[], Awaitable[None]]:
        """Work that writes ``what`` and then fails."""

        async def work() -> None:
            await self.writes(*what)()
            raise Deliberate

        return work

    async def write(self, what: str) -> None:
        """Write a note in the open transaction."""
        await note(self.db.session, what)

    def consumer(self, source: Any, handle: Any, *, middlewares: Any = None, **policy: Any) -> Consumer:
        """A consumer of ``Ordered`` that waits for nothing."""
        mediator = bootstrap_events(
            events_mapper=lambda m: m.bind(Ordered, handle), database=self.db, middlewares=middlewares
        )
        chosen: dict[str, Any] = {
            "receive_timeout": 0.05,
            "attempt_backoff": AT_ONCE,
            "outage_backoff": AT_ONCE,
            "parked_retries": 0,
        }
        return Consumer(source, mediator, name="billing", database=self.db, policy=ConsumerPolicy(**(chosen | policy)))

    async def notes(self) -> list[str]:
        """What is committed, in the order of writing."""
        return await self.look(select(Note.what).order_by(Note.id))

    async def messages(self) -> list[Any]:
        """The payloads of the messages that are committed, in the order of adding."""
        model = outbox_model()
        return [json.loads(body)["payload"] for body in await self.look(select(model.body).order_by(model.id))]

    async def open_account(self, balance: int = 100, number: int = 1) -> None:
        """An account that is committed."""
        async with async_sessionmaker(self.outside).begin() as session:
            session.add(Account(id=number, balance=balance))

    async def balance(self, number: int = 1) -> int:
        """The committed balance of an account."""
        (found,) = await self.look(select(Account.balance).where(Account.id == number))
        return int(found)

    async def look(self, query: Any) -> list[Any]:
        """What another process would see. It may be called within a turn, and knows nothing of that."""

        async def run_query() -> list[Any]:
            async with self.outside.connect() as connection:
                return list(await connection.scalars(query))

        return await elsewhere(run_query())


class Counted:
    """The statements and the connections that an engine is asked for, from now on."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.statements: list[str] = []
        self.connections = 0
        event.listen(engine.sync_engine, "before_cursor_execute", self._executed)
        event.listen(engine.sync_engine.pool, "checkout", self._taken)

    def _executed(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        self.statements.append(statement)

    def _taken(self, *_: Any) -> None:
        self.connections += 1


async def note(session: AsyncSession, what: str) -> None:
    """Write a note through ``session``."""
    session.add(Note(what=what))
    await session.flush()


async def elsewhere(work: Coroutine[Any, Any, T]) -> T:
    """Await ``work`` as if it ran in another process: in no turn and in no transaction."""
    return await asyncio.create_task(work, context=Context())


def engine_at(address: str, **options: Any) -> AsyncEngine:
    """An engine as users make them. On SQLite writers wait for each other."""
    if address.startswith("sqlite"):
        options.setdefault("connect_args", {"timeout": 60})
    return create_async_engine(address, **options)
