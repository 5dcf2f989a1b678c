"""What is set by hand in a map or a container, after a mediator was built on it, counts for what is sent then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from dependency_injector import containers, providers

import cqrs
from cqrs.errors import RequestHandlerDoesNotExist, WiringError
from cqrs.events.map import EventMap
from cqrs.mediator import EventMediator, RequestMediator, StreamingRequestMediator
from cqrs.requests import bootstrap
from cqrs.requests.map import RequestMap

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


class Ask(cqrs.Request[str]):
    pass


class Happened(cqrs.DomainEvent):
    pass


async def first(request: Ask) -> str:
    del request
    return "first"


async def second(request: Ask) -> str:
    del request
    return "second"


def not_async(request: Ask) -> str:
    del request
    return ""


def replace(requests: RequestMap) -> None:
    requests[Ask] = second


def update(requests: RequestMap) -> None:
    requests.update({Ask: second})


def merge(requests: RequestMap) -> None:
    requests |= {Ask: second}


def bind_again(requests: RequestMap) -> None:
    del requests[Ask]
    requests.bind(Ask, second)


@pytest.mark.parametrize("change", [replace, update, merge, bind_again])
async def test_request_map_that_is_changed_by_hand_counts_for_the_next_request(
    change: Callable[[RequestMap], None],
) -> None:
    requests = RequestMap()
    requests.bind(Ask, first)
    mediators = [RequestMediator(requests, cqrs.Resolver()) for _ in range(2)]
    assert [await mediator.send(Ask()) for mediator in mediators] == ["first", "first"]
    change(requests)
    assert [await mediator.send(Ask()) for mediator in mediators] == ["second", "second"]


async def test_request_map_that_was_emptied_answers_nothing() -> None:
    requests = RequestMap()
    requests.bind(Ask, first)
    mediator = RequestMediator(requests, cqrs.Resolver())
    await mediator.send(Ask())
    requests.clear()
    with pytest.raises(RequestHandlerDoesNotExist):
        await mediator.send(Ask())


async def test_request_map_with_a_mistake_made_by_hand_raises_at_the_next_request() -> None:
    requests = RequestMap()
    requests[Ask] = first
    mediator = RequestMediator(requests, cqrs.Resolver())
    requests[Ask] = not_async
    with pytest.raises(WiringError, match="it is not an async function"):
        await mediator.send(Ask())


async def test_stream_takes_what_its_map_was_given_by_hand() -> None:
    async def one(request: Ask) -> AsyncIterator[str]:
        del request
        yield "one"

    async def other(request: Ask) -> AsyncIterator[str]:
        del request
        yield "other"

    requests = RequestMap()
    requests.bind(Ask, one)
    mediator = StreamingRequestMediator(requests, cqrs.Resolver())
    assert [chunk async for chunk in mediator.stream(Ask())] == ["one"]
    requests[Ask] = other
    assert [chunk async for chunk in mediator.stream(Ask())] == ["other"]


async def test_event_map_that_is_changed_by_hand_counts_for_the_next_event() -> None:
    seen: list[str] = []

    def reacting(name: str) -> Any:
        async def react(event: Happened) -> None:
            del event
            seen.append(name)

        return react

    events = EventMap()
    events.bind(Happened, reacting("bound"))
    mediator = EventMediator(events, cqrs.Resolver())
    changes: list[tuple[Callable[[], object], list[str]]] = [
        (lambda: None, ["bound"]),
        (lambda: events[Happened].append(reacting("appended")), ["bound", "appended"]),
        (lambda: events[Happened].pop(0), ["appended"]),
        (lambda: events.__setitem__(Happened, [reacting("set")]), ["set"]),
        (lambda: events[Happened].insert(0, reacting("before")), ["before", "set"]),
        (lambda: events.update({Happened: reacting("alone")}), ["alone"]),  # a handler that is in no list
        (lambda: events.pop(Happened), []),
        (lambda: events.bind(Happened, reacting("bound again")), ["bound again"]),
    ]
    for change, expected in changes:
        change()
        seen.clear()
        await mediator.send(Happened())
        assert seen == expected


class Store:
    def __init__(self, name: str = "made by itself") -> None:
        self.name = name


async def name_of(request: Ask, store: Store) -> str:
    del request
    return store.name


class Inner(containers.DeclarativeContainer):
    pass


class Outer(containers.DeclarativeContainer):
    inner: Any = providers.Container(Inner)


def a_class() -> Any:
    return type("Own", (containers.DeclarativeContainer,), {"inner": providers.Container(Inner)})


@pytest.mark.parametrize("container", [Outer, a_class], ids=["instance", "class"])
async def test_provider_that_is_set_later_in_dependency_injector_is_seen(container: Any) -> None:
    app = container()
    mediators = [bootstrap.bootstrap(app, commands_mapper=lambda m: m.bind(Ask, name_of)) for _ in range(2)]

    async def names() -> set[str]:
        return {await mediator.send(Ask()) for mediator in mediators}

    assert await names() == {"made by itself"}
    app.store = providers.Factory(Store, "set")
    assert await names() == {"set"}
    app.store = providers.Object(Store("set again"))
    assert await names() == {"set again"}
    del app.store
    assert await names() == {"made by itself"}
    app.inner.container.store = providers.Factory(Store, "within")
    assert await names() == {"within"}
    app.store = providers.Factory(Store, "another")
    with pytest.raises(cqrs.errors.DependencyError, match="several providers give Store: "):
        await names()


async def test_container_of_dependency_injector_that_is_watched_makes_others_of_its_own() -> None:
    app = a_class()
    mediator = bootstrap.bootstrap(app, commands_mapper=lambda m: m.bind(Ask, name_of))
    app().store = providers.Factory(Store, "of the copy")
    assert await mediator.send(Ask()) == "made by itself"
