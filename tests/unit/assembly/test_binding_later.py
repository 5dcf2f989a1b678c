"""What is bound when a mediator has already answered counts, or is refused; it is never ignored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import cqrs
from cqrs.events import bootstrap as events_bootstrap
from cqrs.requests import bootstrap

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Ask(cqrs.Request[str]):
    pass


class Other(cqrs.Request[str]):
    pass


class Happened(cqrs.DomainEvent):
    pass


async def answer(request: Ask, events: cqrs.EventRecorder) -> str:
    events.record(Happened())
    return "first"


async def another(request: Ask) -> str:
    return "second"


@pytest.fixture
def requests() -> cqrs.RequestMap:
    requests = cqrs.RequestMap()
    requests.bind(Ask, answer)
    return requests


async def test_second_handler_of_a_request_is_refused_at_once_by_a_map_in_use(requests: cqrs.RequestMap) -> None:
    mediator = cqrs.RequestMediator(requests, cqrs.Resolver())
    await mediator.send(Ask())
    with pytest.raises(cqrs.errors.WiringError, match="bound to answer and to another"):
        requests.bind(Ask, another)
    requests.bind(Ask, answer)  # the same again changes nothing
    assert await mediator.send(Ask()) == "first"


async def test_further_request_can_be_bound_to_a_map_in_use(requests: cqrs.RequestMap) -> None:
    mediator = cqrs.RequestMediator(requests, cqrs.Resolver())
    await mediator.send(Ask())

    async def answer_other(request: Other) -> str:
        return "other"

    requests.bind(Other, answer_other)
    assert await mediator.send(Other()) == "other"


async def test_event_handler_that_is_bound_after_the_first_event_gets_the_next(requests: cqrs.RequestMap) -> None:
    events, seen = cqrs.EventMap(), list[str]()
    mediator = cqrs.RequestMediator(requests, cqrs.Resolver(), event_map=events)
    await mediator.send(Ask())

    async def first(event: Happened) -> None:
        seen.append("first")

    async def second(event: Happened) -> None:
        seen.append("second")

    events.bind(Happened, first)
    await mediator.send(Ask())
    events.bind(Happened, second)
    await mediator.send(Ask())
    assert seen == ["first", "first", "second"]


class Clock:
    name = "real"


class Fake(Clock):
    name = "fake"


class Stream(cqrs.Request[str]):
    pass


async def stream(request: Stream, clock: Clock) -> AsyncIterator[str]:
    yield clock.name


async def test_stream_sees_what_is_bound_in_the_resolver_after_the_first() -> None:
    resolver = cqrs.Resolver()
    mediator = bootstrap.bootstrap_streaming(resolver, commands_mapper=lambda m: m.bind(Stream, stream))
    seen = [name async for name in mediator.stream(Stream())]
    resolver.bind(Clock, Fake)
    seen += [name async for name in mediator.stream(Stream())]
    assert seen == ["real", "fake"]


async def test_event_from_outside_sees_what_is_bound_in_the_resolver_after_the_first() -> None:
    resolver, seen = cqrs.Resolver(), list[str]()

    async def react(event: Happened, clock: Clock) -> None:
        seen.append(clock.name)

    mediator = events_bootstrap.bootstrap(resolver, events_mapper=lambda m: m.bind(Happened, react))
    await mediator.send(Happened())
    resolver.bind(Clock, Fake)
    await mediator.send(Happened())
    assert seen == ["real", "fake"]


async def test_command_bus_sees_what_is_bound_in_the_resolver_after_the_first() -> None:
    resolver = cqrs.Resolver()

    async def tell(request: Other, clock: Clock) -> str:
        return clock.name

    bus = cqrs.CommandBus(resolver)
    bus.register(Other, tell)
    before = await bus.dispatch(Other())
    resolver.bind(Clock, Fake, lifetime="request")
    assert (before, await bus.dispatch(Other())) == ("real", "fake")
