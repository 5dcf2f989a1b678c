"""Events in a list of the handler that is never read are reported, and the transaction is undone."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator  # noqa: TC003  # a handler is annotated with it at run time
from typing import Any

import pytest

import cqrs
from cqrs.errors import EventsKeptElsewhere
from cqrs.events.bootstrap import bootstrap as bootstrap_events
from cqrs.handlers.unread_lists import unread_lists
from cqrs.requests.bootstrap import bootstrap, bootstrap_streaming


class Place(cqrs.Request):
    pass


class Placed(cqrs.DomainEvent):
    pass


class Billed(cqrs.DomainEvent):
    pass


class Handler(cqrs.RequestHandler[Place, None]):
    def __init__(self) -> None:
        self._events: list[Any] = []

    async def handle(self, request: Place) -> None:
        self._events.append(Placed())


class Inherits(Handler):
    async def handle(self, request: Place) -> None:
        await super().handle(request)


class Helped(Handler):
    async def handle(self, request: Place) -> None:
        self.add(Placed())

    def add(self, event: object) -> None:
        self._events.append(event)


class OtherName(cqrs.RequestHandler[Place, None]):
    def __init__(self) -> None:
        self.domain_events = list[Any]()

    async def handle(self, request: Place) -> None:
        self.domain_events += [Placed()]


@dataclasses.dataclass
class Data(cqrs.RequestHandler[Place, None]):
    _events: list[Any] = dataclasses.field(default_factory=list)

    async def handle(self, request: Place) -> None:
        self._events = [*self._events, Placed()]


class Plain:
    """On no base class of ours."""

    def __init__(self) -> None:
        self._events: list[Any] = []

    async def handle(self, request: Place) -> None:
        self._events.extend([Placed()])


class Chained(cqrs.CORRequestHandler[Place, None]):
    def __init__(self) -> None:
        self._events: list[Any] = []

    async def handle(self, request: Place) -> None:
        self._events.append(Placed())


class Streams(cqrs.StreamingRequestHandler[Place, cqrs.Response]):
    def __init__(self) -> None:
        self._events: list[Any] = []

    async def handle(self, request: Place) -> AsyncIterator[cqrs.Response]:
        yield cqrs.Response()
        self._events.append(Placed())


class Reacts(cqrs.EventHandler[Placed]):
    def __init__(self) -> None:
        self._events: list[Any] = []

    async def handle(self, event: Placed) -> None:
        self._events.append(Billed())


LOSING: list[Any] = [Handler, Inherits, Helped, OtherName, Data, Plain, Chained]


def _container(handler: Any, *, shared: bool) -> cqrs.Resolver:
    resolver = cqrs.Resolver()
    if shared:
        instance = handler()
        resolver.bind_instance(handler, instance)
    return resolver


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("handler", LOSING)
async def test_an_event_in_an_unread_list_is_reported_and_the_transaction_undone(handler: Any, *, shared: bool) -> None:
    db = cqrs.MemoryDatabase()
    bound = [handler] if handler is Chained else handler
    mediator = bootstrap(
        _container(handler, shared=shared), commands_mapper=lambda m: m.bind(Place, bound), database=db
    )
    for _ in range(2):
        with pytest.raises(EventsKeptElsewhere, match=r"which is never read: call self\.record") as caught:
            await mediator.send(Place())
        assert caught.value.handler_type is handler
    assert caught.value.kept_in == ("domain_events" if handler is OtherName else "_events")


@pytest.mark.parametrize("shared", [False, True])
async def test_a_stream_is_checked_too(*, shared: bool) -> None:
    mediator = bootstrap_streaming(_container(Streams, shared=shared), commands_mapper=lambda m: m.bind(Place, Streams))
    with pytest.raises(EventsKeptElsewhere):
        _ = [chunk async for chunk in mediator.stream(Place())]


class Records(cqrs.RequestHandler[Place, None]):
    async def handle(self, request: Place) -> None:
        self.record(Placed())


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("by", ["request", "event"])
async def test_a_handler_of_events_is_checked_too(*, shared: bool, by: str) -> None:
    container = _container(Reacts, shared=shared)
    with pytest.raises(EventsKeptElsewhere) as caught:
        if by == "event":
            await bootstrap_events(container, events_mapper=lambda m: m.bind(Placed, Reacts)).send(Placed())
        else:
            mediator = bootstrap(
                container,
                commands_mapper=lambda m: m.bind(Place, Records),
                domain_events_mapper=lambda m: m.bind(Placed, Reacts),
            )
            await mediator.send(Place())
    assert caught.value.handler_type is Reacts


async def test_events_recorded_beside_a_list_of_the_handler_are_undone() -> None:
    class Both(Handler):
        async def handle(self, request: Place) -> None:
            self.record(cqrs.NotificationEvent(event_name="told", topic="t", payload=None))
            await super().handle(request)

    db = cqrs.MemoryDatabase()
    mediator = bootstrap(cqrs.Resolver(), commands_mapper=lambda m: m.bind(Place, Both), database=db)
    with pytest.raises(EventsKeptElsewhere):
        await mediator.send(Place())
    assert await db.outbox.peek() == []


class Notes(cqrs.EventHandler[Placed]):
    """Remembers what it has handled, as a test does."""

    def __init__(self) -> None:
        self._events: list[Any] = []

    async def handle(self, event: Placed) -> None:
        self._events.append(event)


@pytest.mark.parametrize("shared", [False, True])
async def test_a_handler_may_remember_what_it_handles(*, shared: bool) -> None:
    mediator = bootstrap_events(_container(Notes, shared=shared), events_mapper=lambda m: m.bind(Placed, Notes))
    for _ in range(3):
        await mediator.send(Placed())


class Given(Handler):
    def __init__(self, events: list[Any]) -> None:
        self._events = events


class PerhapsGiven(Handler):
    def __init__(self, events: list[Any] | None = None) -> None:
        self._events = events if events is not None else []


class Reads(Handler):
    async def handle(self, request: Place) -> None:
        await super().handle(request)
        for event in self._events:
            self.record(event)


class Shows(Handler):
    @property
    def seen(self) -> list[Any]:
        return self._events


class Returns(Handler):
    @property
    def events(self) -> list[Any]:
        return self._events


class NoEvents(Handler):
    async def handle(self, request: Place) -> None:
        self._events.append({"a": "row of a calendar"})


class RecordsAsWell(Handler):
    async def handle(self, request: Place) -> None:
        placed = Placed()
        self._events.append(placed)
        self.record(placed)


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("handler", [Given, PerhapsGiven, Reads, Shows, Returns, NoEvents, RecordsAsWell])
async def test_a_list_that_was_given_or_is_read_is_left_alone(handler: Any, *, shared: bool) -> None:
    given: list[Any] = []
    container = cqrs.Resolver()
    if shared:
        container.bind_instance(handler, handler(given) if handler in {Given, PerhapsGiven} else handler())
    elif handler is Given:
        container.bind(Given, lambda: Given(given))
    mediator = bootstrap(container, commands_mapper=lambda m: m.bind(Place, handler))
    await mediator.send(Place())
    await mediator.send(Place())
    assert len(given) == 2 * (handler is Given or (shared and handler is PerhapsGiven))


def test_the_lists_of_a_class_are_looked_for_once() -> None:
    assert unread_lists(Handler) == ("_events",)
    assert unread_lists(Handler) is unread_lists(Handler)
    assert unread_lists(Records) == ()
