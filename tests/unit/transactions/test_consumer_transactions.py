"""What a consumer is given for its transactions."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

import cqrs
from cqrs.errors import InvalidArgument, UnitOfWorkStateError, WiringError
from cqrs.events.bootstrap import bootstrap
from cqrs.inbox.memory.repository import MemoryInboxRepository
from cqrs.integrations.faststream import Once
from cqrs.message_brokers.memory.broker import MemoryMessageBroker
from cqrs.message_brokers.protocol import Message
from cqrs.unit_of_work import MemoryUnitOfWork
from tests.unit.transactions.service import REGISTRY, Told

SESSIONS = async_sessionmaker(create_async_engine("sqlite+aiosqlite:///never-made.db"))
DATABASE = cqrs.MemoryDatabase(registry=REGISTRY)
SCOPE: ContextVar[object] = ContextVar("scope")


async def handle(event: Told) -> None:
    """Handle it."""


def with_argument(message: object) -> MemoryUnitOfWork:
    return MemoryUnitOfWork(message)


def consumer(broker: MemoryMessageBroker | None = None, **given: Any) -> cqrs.Consumer:
    mediator = given.pop("mediator", None) or bootstrap(events_mapper=lambda m: m.bind(Told, handle))
    source = (broker or MemoryMessageBroker()).source("news")
    return cqrs.Consumer(source, mediator, name="reader", registry=REGISTRY, **given)


WRONG: list[Any] = [
    ({}, "database"),
    ({"inbox": DATABASE.inbox}, "database"),
    ({"unit_of_work": MemoryUnitOfWork}, "database"),
    ({"database": DATABASE, "inbox": DATABASE.inbox}, "inbox"),
    ({"database": DATABASE, "unit_of_work": MemoryUnitOfWork}, "unit_of_work"),
    ({"database": "sqlite://"}, "database"),
    ({"inbox": DATABASE.inbox, "unit_of_work": MemoryUnitOfWork()}, "unit_of_work"),
    ({"inbox": DATABASE.inbox, "unit_of_work": with_argument}, "unit_of_work"),
    ({"inbox": DATABASE.inbox, "unit_of_work": SESSIONS}, "unit_of_work"),
    ({"inbox": DATABASE.inbox, "unit_of_work": "unit"}, "unit_of_work"),
]


@pytest.mark.parametrize(("given", "argument"), WRONG)
def test_transactions_that_cannot_work_are_refused(given: Any, argument: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        consumer(**given)
    assert caught.value.argument == argument


@pytest.mark.parametrize(("given", "argument"), WRONG)
def test_once_refuses_the_same(given: Any, argument: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        Once(name="reader", **given)
    assert caught.value.argument == argument


def test_a_mediator_with_a_broker_and_no_outbox_is_refused() -> None:
    mediator = bootstrap(events_mapper=lambda m: m.bind(Told, handle), message_broker=MemoryMessageBroker())
    with pytest.raises(WiringError, match="loses its messages"):
        consumer(database=DATABASE, mediator=mediator)


def test_a_mediator_whose_outbox_is_in_another_database_is_refused() -> None:
    """The marks could be committed without the messages."""
    mediator = bootstrap(events_mapper=lambda m: m.bind(Told, handle), database=cqrs.MemoryDatabase())
    with pytest.raises(WiringError, match="its outbox is in"):
        consumer(database=DATABASE, mediator=mediator)


async def ended_by(unit_of_work: Any) -> UnitOfWorkStateError:
    """What ends a consumer that has a message and makes its units in this way."""
    broker, event = MemoryMessageBroker(), Told(payload="one")
    await broker.send_message(Message("told", "news", event.to_dict(), event.event_id))
    with pytest.raises(UnitOfWorkStateError) as caught:
        async with asyncio.timeout(30):
            await consumer(broker, inbox=MemoryInboxRepository(), unit_of_work=unit_of_work).run()
    return caught.value


async def test_a_function_that_needs_a_request_scope_ends_the_consumer_with_an_error() -> None:
    """It once waited for ever, as if the database were away."""
    error = await ended_by(lambda: MemoryUnitOfWork(SCOPE.get()))
    assert "LookupError" in str(error)
    assert "outside of every request scope" in str(error)
    assert isinstance(error.__cause__, LookupError)


async def test_an_async_function_that_needs_a_request_scope_ends_it_too() -> None:
    async def make() -> MemoryUnitOfWork:
        return MemoryUnitOfWork(SCOPE.get())

    assert "LookupError" in str(await ended_by(make))


async def test_a_function_that_makes_something_else_ends_it() -> None:
    assert "made an object of type object, not a UnitOfWork" in str(await ended_by(object))


async def test_a_database_that_is_away_is_waited_for() -> None:
    broker, event = MemoryMessageBroker(), Told(payload="one")
    await broker.send_message(Message("told", "news", event.to_dict(), event.event_id))
    inbox, tries, handled = MemoryInboxRepository(), [], asyncio.Event()

    def make() -> MemoryUnitOfWork:
        tries.append(len(tries))
        if len(tries) < 3:
            raise ConnectionRefusedError
        return MemoryUnitOfWork()

    async def handle(event: Told) -> None:
        handled.set()

    mediator = bootstrap(events_mapper=lambda m: m.bind(Told, handle))
    policy = cqrs.ConsumerPolicy(outage_backoff=cqrs.Backoff(first=0.0, longest=0.0))
    async with consumer(broker, inbox=inbox, unit_of_work=make, mediator=mediator, policy=policy):
        async with asyncio.timeout(30):
            await handled.wait()
    assert len(tries) >= 3
