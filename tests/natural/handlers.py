"""The handlers of every program. What they do is the habit's; what they are given is the wiring's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

import cqrs
from tests.natural.messages import (
    INNOCENT,
    Arrived,
    Count,
    Happened,
    Inner,
    Row,
    Start,
    StartChain,
    StartStream,
    StartWithFallback,
)
from tests.natural.stores import Store  # noqa: TC001  # containers read it
from tests.natural.world import Turn, World  # as above

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class StartHandler(cqrs.RequestHandler[Start, str]):
    def __init__(self, store: Store, world: World) -> None:
        self.turn = Turn(world, store, self)

    async def handle(self, request: Start) -> str:
        return await self.turn.world.habit.start(self.turn) or "done"


class StreamHandler(cqrs.StreamingRequestHandler[StartStream, str]):
    """Three chunks; the habit runs before the first."""

    def __init__(self, store: Store, world: World) -> None:
        self.turn = Turn(world, store, self)

    async def handle(self, request: StartStream) -> AsyncIterator[str]:
        habit = self.turn.world.habit
        yield await (habit.start(self.turn) if habit.request is Start else self.turn.send(habit.request())) or "done"
        yield "more"
        yield "last"


class InnerHandler(cqrs.RequestHandler[Inner, str]):
    def __init__(self, store: Store, world: World) -> None:
        self.turn = Turn(world, store, self)

    async def handle(self, request: Inner) -> str:
        await self.turn.world.habit.inner(self.turn, request.name)
        return "done"


class CountHandler(cqrs.RequestHandler[Count, int]):
    def __init__(self, store: Store, world: World) -> None:
        self.turn = Turn(world, store, self)

    async def handle(self, request: Count) -> int:
        async with self.turn.work() as work:
            counted = await work.session.scalar(select(func.count()).where(Row.name == request.name))
        return counted or 0


class ArrivedHandler(cqrs.EventHandler[Arrived]):
    def __init__(self, store: Store, world: World) -> None:
        self.turn = Turn(world, store, self)

    async def handle(self, event: Arrived) -> None:
        if event.payload == INNOCENT:
            await self.turn.write(INNOCENT)
            return
        habit = self.turn.world.habit
        if habit.request is Start:
            await habit.start(self.turn)
        else:
            await self.turn.send(habit.request())


class HappenedHandler(cqrs.EventHandler[Happened]):
    name = "first"

    def __init__(self, store: Store, world: World) -> None:
        self.turn = Turn(world, store, self)

    async def handle(self, event: Happened) -> None:
        await self.turn.world.habit.happened(self.turn, self.name)


class SecondHappenedHandler(HappenedHandler):
    name = "second"


class ThirdHappenedHandler(HappenedHandler):
    name = "third"


class Primary(cqrs.RequestHandler[StartWithFallback, str]):
    def __init__(self, store: Store, world: World) -> None:
        self.turn = Turn(world, store, self)

    async def handle(self, request: StartWithFallback) -> str:
        return await self.turn.world.habit.start(self.turn) or "done"


class StandIn(cqrs.RequestHandler[StartWithFallback, str]):
    def __init__(self, store: Store, world: World) -> None:
        self.turn = Turn(world, store, self)

    async def handle(self, request: StartWithFallback) -> str:
        await self.turn.world.habit.second(self.turn)
        return "done"


class FirstMember(cqrs.CORRequestHandler[StartChain, str]):
    """It passes the request on, and what fails there does not stop it."""

    def __init__(self, store: Store, world: World) -> None:
        self.turn = Turn(world, store, self)

    async def handle(self, request: StartChain) -> str | None:
        return await self.turn.world.habit.start(self.turn, lambda: self.next(request)) or "done"


class SecondMember(cqrs.CORRequestHandler[StartChain, str]):
    def __init__(self, store: Store, world: World) -> None:
        self.turn = Turn(world, store, self)

    async def handle(self, request: StartChain) -> str | None:
        await self.turn.world.habit.second(self.turn)
        return "done"


class Auditor:
    """A service that asks for the recorder of whatever handler runs."""

    def __init__(self, recorder: cqrs.EventRecorder) -> None:
        self.recorder = recorder


class AuditedHandler(StartHandler):
    def __init__(self, store: Store, world: World, auditor: Auditor) -> None:
        super().__init__(store, world)
        self.turn.recorder = auditor.recorder


HAPPENED = [HappenedHandler, SecondHappenedHandler, ThirdHappenedHandler]


def requests(habit: Any) -> Any:
    """The bindings of requests."""

    def bind(m: cqrs.RequestMap) -> None:
        m.bind(Start, AuditedHandler if habit.audited else StartHandler)
        m.bind(Inner, InnerHandler)
        m.bind(Count, CountHandler)
        m.bind(StartWithFallback, cqrs.RequestHandlerFallback(Primary, StandIn))
        m.bind(StartChain, [FirstMember, SecondMember])

    return bind


def streams(m: cqrs.RequestMap) -> None:
    m.bind(StartStream, StreamHandler)


def events(habit: Any) -> Any:
    """The bindings of events."""

    def bind(m: cqrs.EventMap) -> None:
        m.bind(Arrived, ArrivedHandler)
        if habit.event_fallback:
            m.bind(Happened, cqrs.EventHandlerFallback(HappenedHandler, SecondHappenedHandler))
        else:
            for handler in HAPPENED[: habit.event_handlers]:
                m.bind(Happened, handler)

    return bind
