"""A handler that returns a coroutine as its answer gets an error, and its transaction is undone."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

import cqrs
from cqrs.errors import NotAwaited
from cqrs.events.bootstrap import bootstrap as bootstrap_events
from cqrs.requests.bootstrap import bootstrap, bootstrap_streaming

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Ask(cqrs.Request[Any]):
    pass


class Happened(cqrs.DomainEvent):
    pass


async def work() -> int:
    return 1


class Handler(cqrs.RequestHandler[Ask, Any]):
    async def handle(self, request: Ask) -> Any:
        self.record(cqrs.NotificationEvent(event_name="told", topic="t", payload=None))
        return work()


class Starts(cqrs.RequestHandler[Ask, Any]):
    async def handle(self, request: Ask) -> Any:
        return asyncio.ensure_future(work())


class Member(cqrs.CORRequestHandler[Ask, Any]):
    async def handle(self, request: Ask) -> Any:
        return work()


async def function(request: Ask) -> Any:
    return work()


class Falls(cqrs.RequestHandler[Ask, Any]):
    async def handle(self, request: Ask) -> Any:
        raise KeyError


class Reacts(cqrs.EventHandler[Happened]):
    async def handle(self, event: Happened) -> Any:
        return work()


class Streams(cqrs.StreamingRequestHandler[Ask, Any]):
    async def handle(self, request: Ask) -> AsyncIterator[Any]:
        yield work()


@pytest.mark.parametrize(
    "bound", [Handler, [Member], function, cqrs.RequestHandlerFallback(primary=Falls, fallback=Handler)]
)
async def test_an_answer_that_was_not_awaited_is_refused_and_the_turn_undone(bound: Any) -> None:
    db = cqrs.MemoryDatabase()
    mediator = bootstrap(cqrs.Resolver(), commands_mapper=lambda m: m.bind(Ask, bound), database=db)
    with pytest.raises(NotAwaited, match="await it in the handler") as caught:
        await mediator.send(Ask())
    assert caught.value.message_type is Ask
    assert await db.outbox.peek() == []


async def test_a_handler_of_events_is_checked_too() -> None:
    mediator = bootstrap_events(cqrs.Resolver(), events_mapper=lambda m: m.bind(Happened, Reacts))
    with pytest.raises(NotAwaited, match="A handler of Happened has returned a coroutine"):
        await mediator.send(Happened())


async def test_a_stream_is_checked_too() -> None:
    mediator = bootstrap_streaming(cqrs.Resolver(), commands_mapper=lambda m: m.bind(Ask, Streams))
    with pytest.raises(NotAwaited):
        _ = [chunk async for chunk in mediator.stream(Ask())]


async def test_a_task_is_an_answer_like_any_other() -> None:
    mediator = bootstrap(cqrs.Resolver(), commands_mapper=lambda m: m.bind(Ask, Starts))
    task = await mediator.send(Ask())
    assert isinstance(task, asyncio.Task)
    await task
