from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import pytest

import cqrs
from cqrs.requests.bootstrap import bootstrap_streaming

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Count(cqrs.Request[int]):
    upto: int = 3


class Counted(cqrs.DomainEvent):
    number: int


class CountHandler(cqrs.StreamingRequestHandler[Count, int]):
    async def handle(self, request: Count) -> Any:
        for number in range(request.upto):
            await asyncio.sleep(0)
            self.record(Counted(number=number))
            yield number
        self.record(Counted(number=-1))


def mediator(handler: Any, seen: list[Any] | None = None, **options: Any) -> cqrs.StreamingRequestMediator:
    async def on_counted(event: Counted) -> None:
        if seen is not None:
            seen.append(("event", event.number))

    return bootstrap_streaming(
        commands_mapper=lambda m: m.bind(Count, handler),
        domain_events_mapper=lambda m: m.bind(Counted, on_counted),
        **options,
    )


async def test_events_of_a_chunk_are_handled_before_the_consumer_sees_it() -> None:
    seen: list[Any] = []
    async for number in mediator(CountHandler, seen).stream(Count(upto=2)):
        seen.append(("chunk", number))
    assert seen == [("event", 0), ("chunk", 0), ("event", 1), ("chunk", 1), ("event", -1)]


class OwnEvents(CountHandler):
    def __init__(self) -> None:
        self._own: list[Any] = []

    @property
    def events(self) -> list[Any]:
        return self._own

    async def handle(self, request: Count) -> Any:
        for number in range(request.upto):
            self._own.append(Counted(number=number))
            yield number


class CopiedEvents(OwnEvents):
    @property
    def events(self) -> list[Any]:
        return self._own.copy()


class ClearedEvents(CopiedEvents):
    def clear_events(self) -> None:
        self._own.clear()


@pytest.mark.parametrize("handler", [OwnEvents, CopiedEvents, ClearedEvents])
async def test_however_a_handler_keeps_its_events_each_is_emitted_once(handler: type) -> None:
    seen: list[Any] = []
    assert [n async for n in mediator(handler, seen).stream(Count())] == [0, 1, 2]
    assert seen == [("event", 0), ("event", 1), ("event", 2)]


async def test_the_handler_runs_only_while_the_consumer_asks() -> None:
    started: list[int] = []

    async def lazily(request: Count) -> Any:
        for number in range(request.upto):
            started.append(number)
            yield number

    async with aclosing(mediator(lazily).stream(Count())) as chunks:
        assert started == []
        assert await anext(chunks) == 0
        assert started == [0]


async def test_an_error_reaches_the_consumer_after_the_chunks_before_it() -> None:
    async def failing(_: Count) -> Any:
        yield 1
        raise LookupError("page 2 is gone")

    chunks = mediator(failing).stream(Count())
    assert await anext(chunks) == 1
    with pytest.raises(LookupError, match="page 2"):
        await anext(chunks)


async def test_a_failing_event_handler_stops_the_stream_and_its_chunk_is_not_given_out() -> None:
    seen: list[int] = []
    closed: list[str] = []

    async def on_counted(event: Counted) -> None:
        if event.number == 1:
            raise LookupError("no room for 1")

    class Closing(CountHandler):
        async def handle(self, request: Count) -> Any:
            try:
                async for number in super().handle(request):
                    yield number
            finally:
                closed.append("handler")

    wired = bootstrap_streaming(
        commands_mapper=lambda m: m.bind(Count, Closing), domain_events_mapper=lambda m: m.bind(Counted, on_counted)
    )
    with pytest.raises(LookupError, match="no room"):
        async for number in wired.stream(Count()):
            seen.append(number)
    assert (seen, closed) == ([0], ["handler"])


class Resources:
    def __init__(self) -> None:
        self.log: list[str] = []


class Session:
    pass


def scoped(resources: Resources) -> cqrs.Resolver:
    async def session() -> Any:
        resources.log.append("open")
        try:
            yield Session()
        except BaseException as error:
            resources.log.append(type(error).__name__)
            raise
        finally:
            await asyncio.sleep(0)
            resources.log.append("close")

    container = cqrs.Resolver()
    container.bind(Session, session, lifetime="request")
    container.bind_instance(Resources, resources)
    return container


class ScopedCount(cqrs.StreamingRequestHandler[Count, int]):
    def __init__(self, session: Session, resources: Resources) -> None:
        self.log = resources.log

    async def handle(self, request: Count) -> Any:
        try:
            for number in range(request.upto):
                self.log.append(f"chunk {number}")
                yield number
                await asyncio.sleep(0)
        finally:
            self.log.append("handler closed")


async def test_the_scope_stays_open_until_the_stream_has_ended() -> None:
    resources = Resources()
    assert [n async for n in mediator(ScopedCount, di_container=scoped(resources)).stream(Count(upto=2))] == [0, 1]
    assert resources.log == ["open", "chunk 0", "chunk 1", "handler closed", "close"]


async def test_closing_the_stream_closes_the_handler_and_then_the_scope() -> None:
    resources = Resources()
    async with aclosing(mediator(ScopedCount, di_container=scoped(resources)).stream(Count())) as chunks:
        await anext(chunks)
    assert resources.log == ["open", "chunk 0", "handler closed", "CancelledError", "close"]


async def test_dropping_the_stream_closes_it_too() -> None:
    resources = Resources()
    async for _ in mediator(ScopedCount, di_container=scoped(resources)).stream(Count()):
        break
    for _ in range(10):
        await asyncio.sleep(0)
    assert resources.log[-1] == "close"


async def test_cancelling_the_consumer_closes_handler_and_scope() -> None:
    resources, reached = Resources(), asyncio.Event()

    class Waiting(ScopedCount):
        async def handle(self, request: Count) -> Any:
            try:
                yield 0
                reached.set()
                await asyncio.Event().wait()
            finally:
                self.log.append("handler closed")

    async def consume() -> None:
        async for _ in mediator(Waiting, di_container=scoped(resources)).stream(Count()):
            pass

    task = asyncio.create_task(consume())
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert resources.log == ["open", "handler closed", "CancelledError", "close"]


async def test_streams_at_once_are_independent() -> None:
    wired = mediator(CountHandler)

    async def collect(upto: int) -> list[int]:
        return [n async for n in wired.stream(Count(upto=upto))]

    results = await asyncio.gather(*(collect(n) for n in range(20)))
    assert results == [list(range(n)) for n in range(20)]


async def test_a_stream_can_be_moved_between_tasks_chunk_by_chunk() -> None:
    chunks = mediator(CountHandler).stream(Count())
    got = [await asyncio.create_task(anext(chunks)) for _ in range(3)]  # type: ignore[arg-type]
    assert got == [0, 1, 2]


class Twice:
    """An asynchronous iterator that is no generator, so there is nothing to close."""

    def __init__(self) -> None:
        self.left = 2

    def __aiter__(self) -> Twice:
        return self

    async def __anext__(self) -> int:
        if self.left == 0:
            raise StopAsyncIteration
        self.left -= 1
        return self.left


async def test_a_handler_may_return_any_asynchronous_iterator() -> None:
    class Returning(cqrs.StreamingRequestHandler[Count, int]):
        def handle(self, request: Count) -> AsyncIterator[int]:
            return Twice()

    assert [n async for n in mediator(Returning).stream(Count())] == [1, 0]


async def test_no_scope_is_opened_where_nothing_lives_per_request() -> None:
    async def scopes(_: Count) -> Any:
        with pytest.raises(LookupError):
            cqrs.current_scope()
        yield 0

    assert [n async for n in mediator(scopes).stream(Count())] == [0]
