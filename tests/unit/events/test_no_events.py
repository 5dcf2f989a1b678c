"""What holds events is no event, and is refused where it is recorded."""

from __future__ import annotations

import collections
import datetime as dt
import decimal
import uuid
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

import cqrs
from cqrs.errors import EventClassRecorded, NoEvent
from cqrs.events import bootstrap as events_bootstrap
from cqrs.requests.bootstrap import bootstrap, bootstrap_streaming

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable


class Happened(cqrs.DomainEvent):
    pass


class Point(NamedTuple):
    """A tuple, and an event all the same."""

    x: int


class Name(str):
    """A text, and an event all the same."""

    __slots__ = ()


class Events(list[Any]):
    """What an object-relational mapper puts in the place of a list."""


class Do(cqrs.Request[None]):
    given: Any = None


class Stream(cqrs.Request[int]):
    pass


async def pulled() -> list[Happened]:
    return [Happened()]


GIVEN: dict[str, Callable[[], Any]] = {
    "None": lambda: None,
    "text": lambda: "order_placed",
    "bytes": lambda: b"order_placed",
    "number": lambda: 7,
    "decimal": lambda: decimal.Decimal(7),
    "id": uuid.uuid4,
    "time": lambda: dt.datetime.now(dt.UTC),
    "list": lambda: [Happened()],
    "empty list": list,
    "subclass of list": lambda: Events([Happened()]),
    "tuple": lambda: (Happened(),),
    "set": lambda: {1},
    "dictionary": lambda: {"name": "happened"},
    "deque": lambda: collections.deque([Happened()]),
    "generator": lambda: (event for event in [Happened()]),
    "map": lambda: map(str, [1]),
    "coroutine": pulled,
}


@pytest.mark.parametrize("given", GIVEN.values(), ids=GIVEN)
def test_containers_of_events_are_refused_at_once_by_every_recorder(given: Callable[[], Any]) -> None:
    class Handler(cqrs.RequestHandler[Do, None]):
        async def handle(self, request: Do) -> None: ...

    class Member(cqrs.CORRequestHandler[Do, None]):
        async def handle(self, request: Do) -> None: ...

    class Reaction(cqrs.EventHandler[Happened]):
        async def handle(self, event: Happened) -> None: ...

    class Streaming(cqrs.StreamingRequestHandler[Do, None]):
        async def handle(self, request: Do) -> AsyncGenerator[None, None]:
            yield

    for recorder in (cqrs.EventRecorder(), Handler(), Member(), Reaction(), Streaming()):
        with pytest.raises(NoEvent, match=r"record\(\*events\)"):
            recorder.record(Happened(), given())
        assert list(recorder.events) == []


def test_events_of_any_other_kind_are_taken() -> None:
    recorder = cqrs.EventRecorder()
    recorder.record(Happened(), Point(1), Name("a text"), *[Happened()])
    assert [type(event) for event in recorder.events] == [Happened, Point, Name, Happened]
    recorder.record()
    with pytest.raises(EventClassRecorded):
        recorder.record(Happened)


async def test_a_handler_that_records_a_list_fails_its_turn() -> None:
    async def handle(command: Do, events: cqrs.EventRecorder) -> None:
        events.record([Happened()])

    mediator = bootstrap(commands_mapper=lambda m: m.bind(Do, handle))
    with pytest.raises(NoEvent, match="A list is no event"):
        await mediator.send(Do())


@pytest.mark.parametrize("events", [[[Happened()]], [None], [Happened(), (Happened(),)]])
async def test_a_list_in_the_own_list_of_a_handler_fails_the_turn_before_any_reaction(events: list[Any]) -> None:
    reacted: list[Happened] = []

    class Handler(cqrs.RequestHandler[Do, None]):
        @property
        def events(self) -> list[Any]:
            return events

        async def handle(self, request: Do) -> None: ...

    async def react(event: Happened) -> None:
        reacted.append(event)

    mediator = bootstrap(
        commands_mapper=lambda m: m.bind(Do, Handler), domain_events_mapper=lambda m: m.bind(Happened, react)
    )
    with pytest.raises(NoEvent):
        await mediator.send(Do())
    assert reacted == []


async def test_a_mediator_of_events_refuses_a_list() -> None:
    async def react(event: Happened) -> None:
        raise AssertionError(event)

    mediator = events_bootstrap.bootstrap(events_mapper=lambda m: m.bind(Happened, react))
    with pytest.raises(NoEvent):
        await mediator.send([Happened()])


async def test_a_stream_that_records_a_list_fails() -> None:
    async def handle(command: Stream, events: cqrs.EventRecorder) -> AsyncGenerator[int, None]:
        events.record([Happened()])
        yield 1

    mediator = bootstrap_streaming(commands_mapper=lambda m: m.bind(Stream, handle))
    with pytest.raises(NoEvent):
        async for _ in mediator.stream(Stream()):
            pass
