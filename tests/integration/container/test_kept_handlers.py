"""A handler that a container keeps serves many calls, and what each of them records is its own."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import di
import dishka
import pytest
from dependency_injector import containers, providers
from di import bind_by_type
from di.dependent import Dependent

import cqrs
from cqrs.errors import WiringError
from cqrs.events import bootstrap as events_bootstrap
from cqrs.requests import bootstrap

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable


class Do(cqrs.Request[str]):
    name: str
    then: str = "answer"


class Done(cqrs.DomainEvent):
    name: str


GATES: dict[str, asyncio.Event] = {}
QUEUES: dict[str, asyncio.Queue[str]] = {}
SEEN: list[str] = []


@pytest.fixture(autouse=True)
def _start_anew() -> None:
    GATES.clear()
    QUEUES.clear()
    SEEN.clear()


def entered() -> asyncio.Queue[str]:
    """Counts calls that wait."""
    queue: asyncio.Queue[str] = QUEUES.setdefault("entered", asyncio.Queue())
    return queue


async def go_on(request: Do) -> None:
    if request.then == "fail":
        raise ConnectionError
    if request.then == "wait":
        GATES[request.name] = asyncio.Event()
        entered().put_nowait(request.name)
        await GATES[request.name].wait()


class Recording(cqrs.RequestHandler[Do, str]):
    async def handle(self, request: Do) -> str:
        self.record(Done(name=request.name))
        await go_on(request)
        self.record(Done(name=request.name))
        return request.name


class OwnList(cqrs.RequestHandler[Do, str]):
    def __init__(self) -> None:
        self._events: list[Any] = []

    @property
    def events(self) -> list[Any]:
        return self._events

    async def handle(self, request: Do) -> str:
        self._events.append(Done(name=request.name))
        await go_on(request)
        self._events.append(Done(name=request.name))
        return request.name


class InAChain(cqrs.CORRequestHandler[Do, str]):
    async def handle(self, request: Do) -> str | None:
        self.record(Done(name=request.name))
        return await self.next(request)


class LastOfIt(cqrs.CORRequestHandler[Do, str]):
    async def handle(self, request: Do) -> str | None:
        await go_on(request)
        self.record(Done(name=request.name))
        return request.name


class Streaming(cqrs.StreamingRequestHandler[Do, str]):
    async def handle(self, request: Do) -> AsyncIterator[str]:
        self.record(Done(name=request.name))
        yield "first"
        self.record(Done(name=request.name))
        await go_on(request)
        yield "second"


async def see(event: Done) -> None:
    SEEN.append(event.name)


def kept_by_resolver(*kinds: type) -> Any:
    resolver = cqrs.Resolver()
    for kind in kinds:
        resolver.bind(kind, lifetime="singleton")
    return resolver


def given_to_resolver(*kinds: type) -> Any:
    resolver = cqrs.Resolver()
    for kind in kinds:
        resolver.bind_instance(kind, kind())
    return resolver


def kept_by_di(*kinds: type) -> Any:
    container = di.Container()
    for kind in kinds:
        container.bind(bind_by_type(Dependent[Any](kind, scope="singleton"), kind))
    return container


def kept_by_dependency_injector(*kinds: type) -> Any:
    names = {kind.__name__: providers.Singleton(kind) for kind in kinds}
    return type("Kept", (containers.DeclarativeContainer,), names)()


def kept_by_dishka(*kinds: type) -> Any:
    provider = dishka.Provider(scope=dishka.Scope.APP)
    provider.provide_all(*kinds)
    return dishka.make_async_container(provider)


class ByHand:
    def __init__(self, *kinds: type) -> None:
        self._kept: dict[type, Any] = {kind: kind() for kind in kinds}

    def resolve(self, type_: type) -> Any:
        return self._kept.get(type_) or type_()


CONTAINERS = [
    kept_by_resolver,
    given_to_resolver,
    kept_by_di,
    kept_by_dependency_injector,
    kept_by_dishka,
    ByHand,
]
over_containers = pytest.mark.parametrize("container", CONTAINERS)


def sender(container: Any, bound: Any) -> Callable[[Do], Awaitable[str]]:
    kinds = bound if isinstance(bound, list) else [bound]
    return bootstrap.bootstrap(
        container(*kinds), commands_mapper=lambda m: m.bind(Do, bound), domain_events_mapper=lambda m: m.bind(Done, see)
    ).send


@over_containers
@pytest.mark.parametrize("bound", [Recording, OwnList, [InAChain, LastOfIt]])
async def test_events_of_a_call_that_fails_go_with_it(container: Any, bound: Any) -> None:
    send = sender(container, bound)
    await send(Do(name="before"))
    with pytest.raises(ConnectionError):
        await send(Do(name="failed", then="fail"))
    await send(Do(name="after"))
    assert SEEN == ["before", "before", "after", "after"]


@over_containers
@pytest.mark.parametrize("bound", [Recording, OwnList, [InAChain, LastOfIt]])
async def test_events_of_a_call_that_is_cancelled_go_with_it(container: Any, bound: Any) -> None:
    send = sender(container, bound)
    call = asyncio.ensure_future(send(Do(name="cancelled", then="wait")))
    assert await entered().get() == "cancelled"
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await send(Do(name="after"))
    assert SEEN == ["after", "after"]


@over_containers
@pytest.mark.parametrize("bound", [Recording, [InAChain, LastOfIt]])
async def test_two_calls_at_once_keep_their_events_apart(container: Any, bound: Any) -> None:
    send = sender(container, bound)
    slow = asyncio.ensure_future(send(Do(name="slow", then="wait")))
    assert await entered().get() == "slow"
    await send(Do(name="quick"))
    assert SEEN == ["quick", "quick"]
    with pytest.raises(ConnectionError):
        await send(Do(name="failed", then="fail"))
    GATES["slow"].set()
    assert await slow == "slow"
    assert SEEN == ["quick", "quick", "slow", "slow"]


@over_containers
async def test_handler_with_a_list_of_its_own_is_not_called_twice_at_once(container: Any) -> None:
    send = sender(container, OwnList)
    slow = asyncio.ensure_future(send(Do(name="slow", then="wait")))
    assert await entered().get() == "slow"
    with pytest.raises(WiringError, match=r"OwnList: it keeps its events in a list of its own.*self\.record"):
        await send(Do(name="quick"))
    GATES["slow"].set()
    await slow
    assert SEEN == ["slow", "slow"]


@over_containers
async def test_streams_at_once_keep_their_events_apart(container: Any) -> None:
    stream = bootstrap.bootstrap_streaming(
        container(Streaming),
        commands_mapper=lambda m: m.bind(Do, Streaming),
        domain_events_mapper=lambda m: m.bind(Done, see),
    ).stream
    one, other = stream(Do(name="one")), stream(Do(name="other", then="fail"))
    assert [await anext(one), await anext(other)] == ["first", "first"]
    with pytest.raises(ConnectionError):
        await anext(other)
    assert [chunk async for chunk in one] == ["second"]
    assert SEEN == ["one", "other", "one"]


class Reacting(cqrs.EventHandler[Done]):
    async def handle(self, event: Done) -> None:
        SEEN.append(event.name)
        if event.name != "follow-up":
            self.record(Done(name="follow-up"))
        if event.name == "failed":
            raise ConnectionError


@over_containers
async def test_events_of_an_event_handler_that_fails_go_with_it(container: Any) -> None:
    mediator = events_bootstrap.bootstrap(container(Reacting), events_mapper=lambda m: m.bind(Done, Reacting))
    with pytest.raises(ConnectionError):
        await mediator.send(Done(name="failed"))
    await mediator.send(Done(name="after"))
    assert SEEN == ["failed", "after", "follow-up"]


@pytest.mark.parametrize("library", ["resolver", "di", "dishka"])
async def test_events_of_a_try_that_failed_are_not_handled_with_the_next_try(library: str) -> None:
    tries: list[str] = []

    async def twice(request: Do, handle: Any) -> Any:
        tries.append(request.name)
        try:
            return await handle(request)
        except ConnectionError:
            return await handle(request.model_copy(update={"then": "answer"}))

    container: Any
    if library == "resolver":
        container = cqrs.Resolver()
        container.bind(Recording, lifetime="request")
    elif library == "di":
        container = di.Container()
        container.bind(bind_by_type(Dependent[Any](Recording, scope="request"), Recording))
    else:
        provider = dishka.Provider(scope=dishka.Scope.REQUEST)
        provider.provide(Recording)
        container = dishka.make_async_container(provider)
    mediator = bootstrap.bootstrap(
        container,
        commands_mapper=lambda m: m.bind(Do, Recording),
        domain_events_mapper=lambda m: m.bind(Done, see),
        middlewares=[twice],
    )
    await mediator.send(Do(name="it", then="fail"))
    assert SEEN == ["it", "it"]


@over_containers
async def test_handler_that_sends_to_itself_keeps_its_events_apart(container: Any) -> None:
    async def again(request: Do, handle: Any) -> Any:
        answer = await handle(request)
        if request.name == "outer":
            with pytest.raises(ConnectionError):
                await send(Do(name="inner", then="fail"))
        return answer

    send = bootstrap.bootstrap(
        container(Recording),
        commands_mapper=lambda m: m.bind(Do, Recording),
        domain_events_mapper=lambda m: m.bind(Done, see),
        middlewares=[again],
    ).send
    await send(Do(name="outer"))
    assert SEEN == ["outer", "outer"]
