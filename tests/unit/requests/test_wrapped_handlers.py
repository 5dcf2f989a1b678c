"""What is called is judged, and not what it wraps: wrappers, mocks, and decorators that collect a stream."""

from __future__ import annotations

import asyncio
import functools
import gc
import inspect
import warnings
from typing import TYPE_CHECKING, Any
from unittest.mock import AsyncMock, create_autospec

import pytest

import cqrs
from cqrs.errors import RequestHandlerTypeError
from cqrs.events import bootstrap as events_bootstrap
from cqrs.requests import bootstrap

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


class Ask(cqrs.Request[Any]):
    pass


class Happened(cqrs.DomainEvent):
    pass


def plain(request: Ask) -> str:
    del request
    return "plain"


@functools.wraps(plain)
async def in_async(*args: Any, **kwargs: Any) -> str:
    return plain(*args, **kwargs)


def collected(stream: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(stream)
    async def collect(*args: Any, **kwargs: Any) -> list[Any]:
        return [chunk async for chunk in stream(*args, **kwargs)]

    return collect


@collected
async def chunks(request: Ask) -> AsyncIterator[str]:
    del request
    yield "a"
    yield "b"


async def answer(request: Ask) -> str:
    del request
    return "answer"


@functools.wraps(answer)
def passed_on(*args: Any, **kwargs: Any) -> Any:
    return answer(*args, **kwargs)


@functools.wraps(chunks)
async def anything(*args: Any) -> str:
    return f"{len(args)} argument"


class Collecting(cqrs.RequestHandler[Ask, Any]):
    @collected
    async def handle(self, request: Ask) -> AsyncIterator[str]:  # type: ignore[override,misc]
        yield "from a class"


class Mocked(cqrs.RequestHandler[Ask, Any]):
    handle = AsyncMock(return_value="mocked method")


@pytest.mark.parametrize(
    ("handler", "answered"),
    [
        (in_async, "plain"),
        (chunks, ["a", "b"]),
        (passed_on, "answer"),
        (functools.partial(in_async), "plain"),
        (anything, "1 argument"),
        (AsyncMock(return_value="mock"), "mock"),
        (Collecting, ["from a class"]),
        (Mocked, "mocked method"),
    ],
    ids=["wrapped", "collected", "passed on", "partial", "anything", "mock", "method", "mocked method"],
)
async def test_a_wrapper_is_checked_and_not_the_function_it_wraps(handler: Any, answered: Any) -> None:
    mediator = bootstrap.bootstrap(commands_mapper=lambda m: m.bind(Ask, handler))
    assert await mediator.send(Ask()) == answered


def test_collected_stream_is_no_stream() -> None:
    mediator = bootstrap.bootstrap_streaming(commands_mapper=lambda m: m.bind(Ask, chunks))
    with pytest.raises(RequestHandlerTypeError, match="does not stream"):
        mediator.stream(Ask())


async def test_mock_can_be_event_handler_middleware_and_factory() -> None:
    on_event, middleware = AsyncMock(return_value=None), AsyncMock(return_value="by the middleware")
    await events_bootstrap.bootstrap(events_mapper=lambda m: m.bind(Happened, on_event)).send(event := Happened())
    on_event.assert_awaited_once_with(event)
    mediator = bootstrap.bootstrap(commands_mapper=lambda m: m.bind(Ask, answer), middlewares=[middleware])
    assert await mediator.send(Ask()) == "by the middleware"
    resolver = cqrs.Resolver()
    resolver.bind(Happened, AsyncMock(return_value=event), lifetime="singleton")
    assert await resolver.resolve(Happened) is event


AWAITED = [cqrs.RequestMediator.send, cqrs.EventMediator.send, cqrs.CommandBus.dispatch]


@pytest.mark.parametrize("method", AWAITED, ids=lambda method: method.__qualname__)
def test_a_method_that_must_be_awaited_is_declared_so(method: Any) -> None:
    assert inspect.iscoroutinefunction(method)


@pytest.mark.parametrize("kind", [cqrs.RequestMediator, cqrs.EventMediator])
async def test_mediator_can_be_mocked_by_its_specification(kind: Any) -> None:
    mocked = create_autospec(kind, instance=True)
    mocked.send.return_value = "mocked"
    assert await mocked.send(Ask()) == "mocked"


def test_forgotten_await_is_warned_of_by_the_name_of_send() -> None:
    async def forget() -> None:
        mediator = bootstrap.bootstrap(commands_mapper=lambda m: m.bind(Ask, answer))
        mediator.send(Ask())  # type: ignore[unused-coroutine]
        await mediator.send(Ask())
        mediator.send(Ask())  # type: ignore[unused-coroutine]
        gc.collect()

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        asyncio.run(forget())
    assert [str(warning.message) for warning in caught] == ["coroutine 'RequestMediator.send' was never awaited"] * 2
