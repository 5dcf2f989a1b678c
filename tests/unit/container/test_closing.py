"""How the default resolver closes what its factories have opened."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest

from cqrs.container.resolver import Resolver

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator


class Failed(Exception):
    pass


class Broken(Exception):
    pass


class First:
    pass


class Second:
    def __init__(self, first: First) -> None:
        self.first = first


class Third:
    def __init__(self, second: Second, first: First) -> None:
        self.parts = (second, first)


class Log(list[str]):
    """Factories that write down what becomes of their things."""

    def opens(self, cls: Callable[..., Any]) -> Callable[..., Any]:
        name = getattr(cls, "__name__", "")

        async def open_it() -> AsyncIterator[Any]:
            with self.of(name):
                yield cls()

        async def open_second(first: First) -> AsyncIterator[Any]:
            with self.of(name):
                yield cls(first)

        return open_second if cls is Second else open_it

    @contextmanager
    def of(self, name: str) -> Generator[None, None, None]:
        self.append(f"open {name}")
        try:
            yield
        except BaseException as error:
            self.append(f"{name} hears of {type(error).__name__}")
            raise
        finally:
            self.append(f"close {name}")


@pytest.fixture
def log() -> Log:
    return Log()


def resolver_of(log: Log, lifetime: Any) -> Resolver:
    resolver = Resolver()
    resolver.bind(Second, log.opens(Second), lifetime=lifetime)
    resolver.bind(First, log.opens(First), lifetime=lifetime)
    return resolver


async def test_last_one_opened_is_closed_first(log: Log) -> None:
    async with resolver_of(log, "request").scope() as scope:
        await scope.resolve(Third)
    assert log == ["open First", "open Second", "close Second", "close First"]


async def test_each_transient_is_closed(log: Log) -> None:
    async with resolver_of(log, "transient").scope() as scope:
        await scope.resolve(Third)
        assert log == ["open First", "open Second", "open First"]
    assert log[3:] == ["close First", "close Second", "close First"]


async def test_singletons_are_closed_with_the_resolver(log: Log) -> None:
    async with resolver_of(log, "singleton") as resolver:
        async with resolver.scope() as scope:
            await scope.resolve(Third)
        assert log == ["open First", "open Second"]
    assert log[2:] == ["close Second", "close First"]


async def test_dependencies_of_a_singleton_live_as_long_as_the_singleton(log: Log) -> None:
    async with Resolver() as resolver:
        resolver.bind(First, log.opens(First))
        resolver.bind(Second, lifetime="singleton")
        async with resolver.scope() as scope:
            await scope.resolve(Second)
        assert log == ["open First"]
    assert log == ["open First", "close First"]


async def test_every_opened_dependency_gets_the_error_that_ends_the_request(log: Log) -> None:
    with pytest.raises(Failed):
        async with resolver_of(log, "request").scope() as scope:
            await scope.resolve(Second)
            raise Failed
    assert log[2:] == ["Second hears of Failed", "close Second", "First hears of Failed", "close First"]


async def test_cancellation_closes_everything(log: Log) -> None:
    ready = asyncio.Event()

    async def request() -> None:
        async with resolver_of(log, "request").scope() as scope:
            await scope.resolve(Second)
            ready.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(request())
    await ready.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert log[-3:] == ["close Second", "First hears of CancelledError", "close First"]


def swallow() -> Iterator[Second]:
    with suppress(Failed):
        yield Second(First())


async def swallow_async() -> AsyncIterator[Second]:
    with suppress(Failed):
        yield Second(First())


@pytest.mark.parametrize("swallows", [swallow, swallow_async])
async def test_factory_that_swallows_an_error_hides_it_from_no_dependent(log: Log, swallows: Any) -> None:
    resolver = Resolver()
    resolver.bind(First, log.opens(First), lifetime="request")
    resolver.bind(Second, swallows, lifetime="request")
    with pytest.raises(Failed):
        async with resolver.scope() as scope:
            await scope.resolve(First)
            await scope.resolve(Second)
            raise Failed
    assert log == ["open First", "First hears of Failed", "close First"]


async def break_at_the_end(first: First) -> AsyncIterator[Second]:
    try:
        yield Second(first)
    finally:
        raise Broken


async def test_error_while_closing_is_raised_after_everything_is_closed(log: Log) -> None:
    resolver = Resolver()
    resolver.bind(First, log.opens(First), lifetime="request")
    resolver.bind(Second, break_at_the_end, lifetime="request")
    with pytest.raises(Broken):
        async with resolver.scope() as scope:
            await scope.resolve(Second)
    assert log == ["open First", "First hears of Broken", "close First"]


async def test_error_while_closing_has_the_error_of_the_request_as_its_context(log: Log) -> None:
    resolver = Resolver()
    resolver.bind(First, log.opens(First), lifetime="request")
    resolver.bind(Second, break_at_the_end, lifetime="request")
    with pytest.raises(Broken) as caught:
        async with resolver.scope() as scope:
            await scope.resolve(Second)
            raise Failed
    assert isinstance(caught.value.__context__, Failed)
    assert log[-1] == "close First"


async def test_dependencies_opened_before_a_failure_are_closed(log: Log) -> None:
    def fail(first: First) -> Second:
        raise Failed(first)

    resolver = Resolver()
    resolver.bind(First, log.opens(First), lifetime="request")
    resolver.bind(Second, fail)
    with pytest.raises(Failed):
        async with resolver.scope() as scope:
            await scope.resolve(Second)
    assert log == ["open First", "First hears of Failed", "close First"]


async def test_singleton_that_fails_closes_what_it_had_opened_and_is_tried_again(log: Log) -> None:
    failures = [Failed()]

    def fail_once(first: First) -> Second:
        if failures:
            raise failures.pop()
        return Second(first)

    async with Resolver() as resolver:
        resolver.bind(First, log.opens(First))
        resolver.bind(Second, fail_once, lifetime="singleton")
        with pytest.raises(Failed):
            await resolver.resolve(Second)
        assert log == ["open First", "First hears of Failed", "close First"]
        assert await resolver.resolve(Second) is await resolver.resolve(Second)
        assert log[3:] == ["open First"]
    assert log[3:] == ["open First", "close First"]


async def test_resolver_can_be_closed_twice_and_used_again(log: Log) -> None:
    resolver = resolver_of(log, "singleton")
    first = await resolver.resolve(First)
    await resolver.aclose()
    await resolver.aclose()
    assert log == ["open First", "close First"]
    assert await resolver.resolve(First) is not first
    await resolver.aclose()
    assert log[2:] == ["open First", "close First"]


async def test_scope_in_which_nothing_was_made_closes_nothing(log: Log) -> None:
    async with resolver_of(log, "request").scope():
        pass
    assert log == []


@pytest.mark.parametrize("asynchronous", [True, False])
async def test_functions_of_contextlib_are_entered_and_left(log: Log, asynchronous: bool) -> None:  # noqa: FBT001
    @contextmanager
    def connect() -> Generator[First, None, None]:
        with log.of("First"):
            yield First()

    @asynccontextmanager
    async def connect_async() -> AsyncGenerator[First, None]:
        with log.of("First"):
            yield First()

    resolver = Resolver()
    resolver.bind(First, connect_async if asynchronous else connect, lifetime="request")
    with pytest.raises(Failed):
        async with resolver.scope() as scope:
            assert isinstance(await scope.resolve(First), First)
            raise Failed
    assert log == ["open First", "First hears of Failed", "close First"]
