"""A handler may choose any name for its members: no name of ours clashes with it, or the start raises."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

import cqrs
from cqrs.errors import WiringError
from cqrs.events import bootstrap as events_bootstrap
from cqrs.requests import bootstrap


class Store(list[str]):
    """An event store of the application, which is a list."""


@dataclass
class Shelf:
    """One that is none."""

    rows: list[str] = field(default_factory=lambda: ["row"])

    def __len__(self) -> int:
        return len(self.rows)


class Do(cqrs.Request[str]):
    pass


@dataclass(frozen=True)
class Done(cqrs.DCDomainEvent):
    by: str = ""


Handler = cqrs.RequestHandler[Do, str]


class Private(Handler):
    def __init__(self, events: Store, shelf: Shelf) -> None:
        self._events, self._next, self._handles = events, shelf, shelf

    async def handle(self, request: Do) -> str:
        self.record(Done())
        return f"{len(self._events)} {len(self._next)}"


class Public(Handler):
    def __init__(self, events: Store, shelf: Shelf) -> None:
        self.events, self.shelf = events, shelf  # type: ignore[misc]

    async def handle(self, request: Do) -> str:
        self.record(Done())
        return f"{len(self.events)} {len(self.shelf)}"


class NotAList(Handler):
    def __init__(self, events: Shelf, store: Store) -> None:
        self.events, self._store = events, store  # type: ignore[misc,assignment]

    async def handle(self, request: Do) -> str:
        self.record(Done())
        return f"{len(self._store)} {len(self.events)}"


@dataclass
class Field(Handler):
    events: Store  # type: ignore[assignment]
    _next: Shelf

    async def handle(self, request: Do) -> str:
        self.record(Done())
        return f"{len(self.events)} {len(self._next)}"


@dataclass
class PrivateField(Handler):
    _events: Store
    _handles: Shelf

    async def handle(self, request: Do) -> str:
        self.record(Done())
        return f"{len(self._events)} {len(self._handles)}"


@dataclass(slots=True)
class Slots(Handler):
    events: Store  # type: ignore[assignment]
    _events: Shelf

    async def handle(self, request: Do) -> str:
        self.record(Done())
        return f"{len(self.events)} {len(self._events)}"


@dataclass(frozen=True)
class Frozen(Handler):
    events: Store  # type: ignore[assignment]
    shelf: Shelf

    async def handle(self, request: Do) -> str:
        self.record(Done())
        return f"{len(self.events)} {len(self.shelf)}"


@dataclass(frozen=True, slots=True)
class FrozenSlots(Handler):
    _events: Store
    events: Shelf  # type: ignore[assignment]

    async def handle(self, request: Do) -> str:
        self.record(Done())
        return f"{len(self._events)} {len(self.events)}"


class Reading(cqrs.StreamingRequestHandler[Do, str]):
    def __init__(self, events: Store, shelf: Shelf) -> None:
        self.events, self._events = events, shelf  # type: ignore[misc]

    async def handle(self, request: Do) -> Any:
        self.record(Done("1"))
        yield f"{len(self.events)} {len(self._events)}"
        self.record(Done("2"))


class First(cqrs.CORRequestHandler[Do, str]):
    def __init__(self, events: Store) -> None:
        self._next, self.events = events, events  # type: ignore[misc]

    async def handle(self, request: Do) -> str | None:
        self.record(Done())
        return await self.next(request)


@dataclass
class Second(cqrs.CORRequestHandler[Do, str]):
    _next: Store
    events: Shelf  # type: ignore[assignment]

    async def handle(self, request: Do) -> str | None:
        return f"{len(self._next)} {len(self.events)}"


KINDS = [Private, Public, NotAList, Field, PrivateField, Slots, Frozen, FrozenSlots, [First, Second]]


def bound(store: Store) -> cqrs.Resolver:
    resolver = cqrs.Resolver()
    resolver.bind_instance(Store, store)
    return resolver


@pytest.mark.parametrize("handler", KINDS)
async def test_names_of_a_handler_are_its_own_and_what_it_records_is_handled(handler: Any) -> None:
    store, seen = Store(["a", "b"]), list[Any]()

    async def see(event: Done) -> None:
        seen.append(event)

    mediator = bootstrap.bootstrap(
        bound(store),
        commands_mapper=lambda m: m.bind(Do, handler),
        domain_events_mapper=lambda m: m.bind(Done, see),
    )
    assert await mediator.send(Do()) == "2 1"
    assert (store, len(seen)) == (["a", "b"], 1)


async def test_names_of_a_streaming_handler_are_its_own() -> None:
    store, seen = Store(["a", "b"]), list[Any]()

    async def see(event: Done) -> None:
        seen.append(event.by)

    mediator = bootstrap.bootstrap_streaming(
        bound(store),
        commands_mapper=lambda m: m.bind(Do, Reading),
        domain_events_mapper=lambda m: m.bind(Done, see),
    )
    assert [chunk async for chunk in mediator.stream(Do())] == ["2 1"]
    assert (store, seen) == (["a", "b"], ["1", "2"])


@dataclass
class React(cqrs.EventHandler[Done]):
    events: Store  # type: ignore[assignment]
    _events: Shelf

    async def handle(self, event: Done) -> None:
        self.events.append(event.by)
        if event.by == "outside":
            self.record(Done("inside"))


async def test_names_of_an_event_handler_are_its_own() -> None:
    store = Store()
    await events_bootstrap.bootstrap(bound(store), events_mapper=lambda m: m.bind(Done, React)).send(Done("outside"))
    assert store == ["outside", "inside"]


@dataclass
class KeepsAList(Handler):
    events: list[Any] = field(default_factory=list)  # type: ignore[assignment]

    async def handle(self, request: Do) -> str:
        self.events.append(Done("own"))
        return ""


async def test_list_that_a_dataclass_makes_for_itself_is_that_of_its_events() -> None:
    seen: list[Any] = []

    async def see(event: Done) -> None:
        seen.append(event.by)

    mediator = bootstrap.bootstrap(
        commands_mapper=lambda m: m.bind(Do, KeepsAList), domain_events_mapper=lambda m: m.bind(Done, see)
    )
    await mediator.send(Do())
    assert seen == ["own"]


class Method(Handler):
    def events(self) -> list[Any]:  # type: ignore[override]  # pyright: ignore[reportIncompatibleVariableOverride]
        return []

    async def handle(self, request: Do) -> str:
        return ""


@dataclass
class NamedLikeAMethod(Handler):
    record: Store  # type: ignore[assignment]

    async def handle(self, request: Do) -> str:
        return ""


@pytest.mark.parametrize(
    ("handler", "problem"),
    [(Method, "its `events` is a method"), (NamedLikeAMethod, "its field record has the name of one of its methods")],
)
def test_name_that_cannot_work_is_refused_at_start(handler: type, problem: str) -> None:
    with pytest.raises(WiringError, match=problem):
        bootstrap.bootstrap(bound(Store()), commands_mapper=lambda m: m.bind(Do, handler))
