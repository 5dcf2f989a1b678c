"""Things that are handed over, and the wrong ones in their place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

import cqrs
from cqrs.events import bootstrap as events
from cqrs.message_brokers import MemoryMessageBroker
from cqrs.requests import bootstrap as requests

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

URL = "kafka://shop:secret@localhost"


class Base(DeclarativeBase):
    pass


class Ask(cqrs.Request[int]):
    pass


class Happened(cqrs.DomainEvent):
    pass


class Note(cqrs.NotificationEvent[int]):
    pass


class Asked(cqrs.RequestHandler[Ask, int]):
    async def handle(self, request: Ask) -> int:
        return 1


class Watched(cqrs.StreamingRequestHandler[Ask, int]):
    async def handle(self, request: Ask) -> AsyncIterator[int]:
        yield 1


class OnHappened(cqrs.EventHandler[Happened]):
    async def handle(self, event: Happened) -> None:
        pass


class Nothing:
    """It can do nothing."""


class SendsOnly:
    """A broker of one's own, without the base class."""

    async def send_message(self, message: Any) -> None:
        pass


class Timed:
    async def __call__(self, request: Any, handle: Any) -> Any:
        return await handle(request)


async def coroutine(*_: Any) -> Any:
    pass


engine = create_async_engine("sqlite+aiosqlite:///never.db")
sessions = async_sessionmaker(engine)
blocking = create_engine("sqlite:///never.db")
db = cqrs.Database(engine)
memory = cqrs.MemoryDatabase()
broker = MemoryMessageBroker()
source: Any = broker.source("orders", "billing")
mediator = requests.bootstrap(commands_mapper=lambda m: m.bind(Ask, Asked))
receiver = events.bootstrap(events_mapper=lambda m: m.bind(Happened, OnHappened))

# What stands where sessions are made. `later` is made anew each time: it can be refused only once.
NO_SESSIONS: dict[str, Callable[[], Any]] = {
    "an engine": lambda: engine,
    "a blocking engine": lambda: blocking,
    "a blocking sessionmaker": lambda: sessionmaker(blocking),
    "a blocking session": lambda: Session(blocking),
    "the class": lambda: AsyncSession,
    "a URL": lambda: URL,
    "the database": lambda: db,
    "nothing": lambda: None,
    "a coroutine": coroutine,
    "a generator": lambda: generated,
}

NO_DATABASE: dict[str, Any] = {
    "a URL": URL,
    "an engine": engine,
    "a sessionmaker": sessions,
    "the class": cqrs.Database,
    "an outbox": db.outbox,
    "the session": db.session,
}

NO_BROKER: dict[str, Any] = {
    "a URL": URL,
    "the class": MemoryMessageBroker,
    "an outbox": db.outbox,
    "a source": source,
    "something else": Nothing(),
}

NO_REGISTRY: dict[str, Any] = {"a text": "events", "the class": cqrs.EventRegistry, "a map": cqrs.OutboxedEventMap}
NO_COMPRESSOR: dict[str, Any] = {"a text": "zlib", "the class": cqrs.ZlibCompressor}
NO_SERIALIZER: dict[str, Any] = {"a text": "json", "a function": coroutine}


async def generated() -> AsyncIterator[AsyncSession]:
    yield sessions()


def refused(call: Callable[[], Any], *texts: str) -> None:
    """Check that ``call`` is refused with an error of ours that contains these texts and no secret."""
    with pytest.raises(cqrs.CQRSError) as error:
        call()
    shown = f"{error.value} {error.value!r} {vars(error.value)}"
    for text in texts:
        assert text in str(error.value)
    assert "secret" not in shown


def table(**cases: dict[str, Any]) -> list[Any]:
    """Parameters for ``(argument, value)``, of dictionaries of wrong values by the argument."""
    return [
        pytest.param(argument, value, id=f"{argument} is {name}")
        for argument, values in cases.items()
        for name, value in values.items()
    ]
