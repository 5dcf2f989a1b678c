"""Where the notifications of a turn go: outbox, after the commit, or at once."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import pytest

import cqrs
from cqrs.events import bootstrap as events
from cqrs.events.registry import EventRegistry
from cqrs.message_brokers.memory.broker import MemoryMessageBroker
from cqrs.outbox import MemoryOutboxedEventRepository
from cqrs.requests import bootstrap as requests

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Told(cqrs.NotificationEvent[int]):
    event_name: str = "told"


class Do(cqrs.Request):
    numbers: list[int]
    fails: bool = False


class Nested(cqrs.Request):
    numbers: list[int]


class Came(cqrs.DomainEvent):
    numbers: list[int]


class DoHandler(cqrs.RequestHandler[Do, None]):
    async def handle(self, request: Do) -> None:
        self.record(*(Told(payload=number) for number in request.numbers))
        if request.fails:
            raise ZeroDivisionError


class NestedHandler(cqrs.RequestHandler[Nested, None]):
    mediator: Any

    async def handle(self, request: Nested) -> None:
        await self.mediator.send(Do(numbers=request.numbers))
        self.record(Told(payload=0))
        assert self.seen() == []

    seen: Any


class StreamHandler(cqrs.StreamingRequestHandler[Do, int]):
    async def handle(self, request: Do) -> AsyncIterator[int]:
        for number in request.numbers:
            self.record(Told(payload=number))
            yield number
        if request.fails:
            raise ZeroDivisionError


class OnCame(cqrs.EventHandler[Came]):
    async def handle(self, event: Came) -> None:
        self.record(*(Told(payload=number) for number in event.numbers))


class Refusing(cqrs.MemoryUnitOfWork):
    async def _commit(self) -> None:
        raise ConnectionError("gone")


@pytest.fixture
def broker() -> MemoryMessageBroker:
    return MemoryMessageBroker()


@pytest.fixture
def outbox() -> MemoryOutboxedEventRepository:
    registry = EventRegistry()
    registry.register(Told, "told")
    return MemoryOutboxedEventRepository(registry=registry)


def sent(broker: MemoryMessageBroker) -> list[int]:
    return [message.payload["payload"] for message in broker.sent]


async def stored(outbox: MemoryOutboxedEventRepository) -> list[int]:
    return [event.event.payload for event in await outbox.get_many()]


def mediator(unit: Any = cqrs.MemoryUnitOfWork, **options: Any) -> cqrs.RequestMediator:
    middlewares = [cqrs.TransactionMiddleware(unit)] if unit else []
    return requests.bootstrap(
        commands_mapper=lambda m: m.bind(Do, DoHandler),
        queries_mapper=lambda m: m.bind(Nested, NestedHandler),
        middlewares=middlewares,
        **options,
    )


async def test_without_a_transaction_they_go_to_the_broker_at_once(broker: MemoryMessageBroker) -> None:
    await mediator(None, message_broker=broker).send(Do(numbers=[1, 2]))
    assert sent(broker) == [1, 2]


async def test_in_a_transaction_they_go_to_the_broker_after_the_commit(
    broker: MemoryMessageBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = mediator(message_broker=broker)
    monkeypatch.setattr(NestedHandler, "mediator", whole, raising=False)
    monkeypatch.setattr(NestedHandler, "seen", lambda _: sent(broker), raising=False)
    await whole.send(Nested(numbers=[1, 2]))
    assert sent(broker) == [1, 2, 0]


async def test_a_commit_that_fails_publishes_nothing(broker: MemoryMessageBroker) -> None:
    with pytest.raises(ConnectionError):
        await mediator(Refusing, message_broker=broker).send(Do(numbers=[1]))
    assert sent(broker) == []


async def test_a_turn_that_fails_publishes_and_stores_nothing(
    broker: MemoryMessageBroker, outbox: MemoryOutboxedEventRepository
) -> None:
    for options in ({"message_broker": broker}, {"outbox": outbox}):
        with pytest.raises(ZeroDivisionError):
            await mediator(**options).send(Do(numbers=[1], fails=True))
    assert (sent(broker), await stored(outbox)) == ([], [])


@pytest.mark.parametrize("unit", [None, cqrs.MemoryUnitOfWork])
async def test_with_an_outbox_they_go_there_and_not_to_the_broker(
    unit: Any, broker: MemoryMessageBroker, outbox: MemoryOutboxedEventRepository
) -> None:
    alone = unit is None
    whole = mediator(unit, message_broker=broker, outbox=outbox, separate_outbox_transaction=alone)
    await whole.send(Do(numbers=[1, 2]))
    assert (sent(broker), await stored(outbox)) == ([], [1, 2])


async def test_a_commit_that_fails_leaves_the_outbox_empty(outbox: MemoryOutboxedEventRepository) -> None:
    with pytest.raises(ConnectionError):
        await mediator(Refusing, outbox=outbox).send(Do(numbers=[1]))
    assert await stored(outbox) == []


async def test_alone_they_are_stored_all_or_none(outbox: MemoryOutboxedEventRepository) -> None:
    class Unknown(cqrs.NotificationEvent[int]):
        event_name: str = "unknown"

    class BothHandler(cqrs.RequestHandler[Do, None]):
        async def handle(self, request: Do) -> None:
            self.record(Told(payload=1), Unknown(payload=2))

    whole = requests.bootstrap(
        commands_mapper=lambda m: m.bind(Do, BothHandler), outbox=outbox, separate_outbox_transaction=True
    )
    with pytest.raises(cqrs.errors.UnknownEvent):
        await whole.send(Do(numbers=[]))
    assert await stored(outbox) == []


async def test_a_stream_is_one_transaction(outbox: MemoryOutboxedEventRepository) -> None:
    whole = requests.bootstrap_streaming(
        commands_mapper=lambda m: m.bind(Do, StreamHandler),
        middlewares=[cqrs.TransactionMiddleware(cqrs.MemoryUnitOfWork)],
        outbox=outbox,
    )
    assert [chunk async for chunk in whole.stream(Do(numbers=[1, 2]))] == [1, 2]
    assert await stored(outbox) == [1, 2]
    with pytest.raises(ZeroDivisionError):
        assert [chunk async for chunk in whole.stream(Do(numbers=[3], fails=True))]
    async with aclosing(whole.stream(Do(numbers=[4, 5]))) as chunks:
        async for _ in chunks:
            break
    assert cqrs.current_unit_of_work() is None
    assert await stored(outbox) == []


async def test_an_event_from_outside_is_handled_in_a_transaction(outbox: MemoryOutboxedEventRepository) -> None:
    whole = events.bootstrap(
        events_mapper=lambda m: m.bind(Came, OnCame),
        middlewares=[cqrs.TransactionMiddleware(cqrs.MemoryUnitOfWork)],
        outbox=outbox,
    )
    await whole.send(Came(numbers=[1, 2]))
    assert await stored(outbox) == [1, 2]
