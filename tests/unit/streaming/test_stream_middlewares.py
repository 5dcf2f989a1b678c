"""Middlewares that know nothing of streams, around streams."""

from __future__ import annotations

import asyncio
import gc
import weakref
from contextlib import aclosing
from contextvars import ContextVar
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cqrs
from cqrs.dispatcher.chunks import Chunk, driven, hand_over
from cqrs.errors import StreamTaskError
from cqrs.requests.bootstrap import bootstrap_streaming


class Count(cqrs.Request[int]):
    upto: int = 3


async def count(request: Count) -> Any:
    for number in range(request.upto):
        await asyncio.sleep(0)
        yield number


def mediator(*middlewares: Any, handler: Any = count) -> cqrs.StreamingRequestMediator:
    return bootstrap_streaming(commands_mapper=lambda m: m.bind(Count, handler), middlewares=middlewares)


def logging_to(log: list[Any], name: str = "mw") -> Any:
    async def middleware(request: Any, handle: Any) -> Any:
        log.append(f"{name} in")
        try:
            return await handle(request)
        except BaseException as error:
            log.append(f"{name} {type(error).__name__}")
            raise
        finally:
            await asyncio.sleep(0)
            log.append(f"{name} out")

    return middleware


async def test_a_middleware_wraps_the_whole_stream_the_first_outermost() -> None:
    log: list[Any] = []
    async for number in mediator(logging_to(log, "outer"), logging_to(log, "inner")).stream(Count(upto=2)):
        log.append(number)
    assert log == ["outer in", "inner in", 0, 1, "inner out", "outer out"]


async def test_a_middleware_sees_the_error_of_the_handler() -> None:
    log: list[Any] = []

    async def failing(_: Count) -> Any:
        yield 0
        raise LookupError

    with pytest.raises(LookupError):
        async for number in mediator(logging_to(log), handler=failing).stream(Count()):
            log.append(number)
    assert log == ["mw in", 0, "mw LookupError", "mw out"]


async def test_a_middleware_sees_the_consumer_go_away_and_may_await_while_it_cleans_up() -> None:
    log: list[Any] = []
    async with aclosing(mediator(logging_to(log)).stream(Count())) as chunks:
        log.append(await anext(chunks))
    assert log == ["mw in", 0, "mw CancelledError", "mw out"]


async def test_a_middleware_can_answer_instead_of_the_stream() -> None:
    async def cached(request: Any, handle: Any) -> Any:
        return 42

    async def nothing(request: Any, handle: Any) -> Any:
        return None

    assert [n async for n in mediator(cached).stream(Count())] == [42]
    assert [n async for n in mediator(nothing).stream(Count())] == []


async def test_a_middleware_can_refuse() -> None:
    async def refuse(request: Any, handle: Any) -> Any:
        raise PermissionError("not yours")

    with pytest.raises(PermissionError):
        await anext(mediator(refuse).stream(Count()))


async def test_a_middleware_can_run_the_stream_again() -> None:
    attempts: list[int] = []

    async def flaky(request: Count) -> Any:
        attempts.append(1)
        if len(attempts) < 3:
            raise ConnectionError
        yield "third time lucky"

    async def retry(request: Any, handle: Any) -> Any:
        while True:
            try:
                return await handle(request)
            except ConnectionError:
                continue

    assert [c async for c in mediator(retry, handler=flaky).stream(Count())] == ["third time lucky"]


async def test_a_middleware_can_change_the_request() -> None:
    async def shorten(request: Any, handle: Any) -> Any:
        return await handle(Count(upto=1))

    assert [n async for n in mediator(shorten).stream(Count(upto=9))] == [0]


async def test_a_timeout_can_span_the_stream() -> None:
    async def forever(_: Count) -> Any:
        yield 0
        await asyncio.Event().wait()

    async def timeout(request: Any, handle: Any) -> Any:
        async with asyncio.timeout(0.01):
            return await handle(request)

    got = []
    with pytest.raises(TimeoutError):
        async for number in mediator(timeout, handler=forever).stream(Count()):
            got.append(number)
    assert got == [0]


async def test_context_variables_reach_the_handler_and_not_the_consumer() -> None:
    user: ContextVar[str] = ContextVar("user", default="nobody")

    async def login(request: Any, handle: Any) -> Any:
        token = user.set("ada")
        try:
            return await handle(request)
        finally:
            user.reset(token)

    async def who(_: Count) -> Any:
        yield user.get()
        await asyncio.sleep(0)
        yield user.get()

    seen = []
    async for name in mediator(login, handler=who).stream(Count()):
        seen.append((name, user.get()))
    assert seen == [("ada", "nobody"), ("ada", "nobody")]


@pytest.mark.parametrize("run", [asyncio.create_task, asyncio.gather])
async def test_moving_a_transaction_to_another_task_raises_with_the_remedy(run: Any) -> None:
    async def elsewhere(request: Any, handle: Any) -> Any:
        return await run(handle(request))

    with pytest.raises(StreamTaskError, match=r"asyncio.timeout\(\) instead of asyncio.wait_for"):
        async for _ in mediator(elsewhere).stream(Count()):
            pass


async def test_a_runtime_error_of_the_consumer_is_not_mistaken() -> None:
    chunks = mediator().stream(Count())
    await anext(chunks)
    with pytest.raises(RuntimeError, match="mine"):
        await chunks.athrow(RuntimeError("mine"))


async def test_a_turn_that_goes_on_after_closing_is_stopped() -> None:
    async def stubborn(request: Any, handle: Any) -> Any:
        try:
            return await handle(request)
        except asyncio.CancelledError:
            return await handle(request)

    chunks = mediator(stubborn).stream(Count())
    await anext(chunks)
    with pytest.raises(RuntimeError, match="went on after it had been closed"):
        await chunks.aclose()


async def sleeping(steps: list[Any]) -> Any:
    for step in steps:
        if step == "sleep":
            await asyncio.sleep(0)
        elif step == "raise":
            raise LookupError
        else:
            yield step


async def drive(steps: list[Any]) -> Any:
    async def start() -> None:
        chunk = Chunk()
        async for chunk.value in sleeping(steps):
            await hand_over(chunk)

    async for value in driven(start):
        yield value


async def collected(chunks: Any, take: int) -> tuple[list[Any], str]:
    got: list[Any] = []
    end = "taken"
    async with aclosing(chunks):
        try:
            while len(got) < take:
                got.append(await anext(chunks))
        except (StopAsyncIteration, LookupError) as error:
            end = type(error).__name__
    return got, end


@given(
    steps=st.lists(st.one_of(st.integers(), st.just("sleep"), st.just("raise")), max_size=12),
    take=st.integers(0, 12),
)
def test_a_driven_stream_behaves_like_the_generator_itself(steps: list[Any], take: int) -> None:
    async def both() -> None:
        assert await collected(drive(steps), take) == await collected(sleeping(steps), take)

    asyncio.run(both())


async def test_a_cancellation_while_the_stream_is_being_closed_is_not_lost() -> None:
    cleaning = asyncio.Event()

    async def slow_to_leave(request: Any, handle: Any) -> Any:
        try:
            return await handle(request)
        finally:
            cleaning.set()
            await asyncio.Event().wait()

    async def consume() -> None:
        async with aclosing(mediator(slow_to_leave).stream(Count())) as chunks:
            await anext(chunks)

    task = asyncio.create_task(consume())
    await cleaning.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert task.cancelled()


async def test_a_middleware_may_leave_a_closed_stream_with_a_cancellation_of_its_own() -> None:
    async def translating(request: Any, handle: Any) -> Any:
        try:
            return await handle(request)
        except asyncio.CancelledError:
            raise asyncio.CancelledError("the middleware's own") from None

    chunks = mediator(translating).stream(Count())
    await anext(chunks)
    await chunks.aclose()


async def test_a_closed_stream_is_freed_without_the_garbage_collector() -> None:
    request = Count()
    freed = weakref.ref(request)
    gc.disable()
    try:
        async with aclosing(mediator().stream(request)) as chunks:
            await anext(chunks)
        del request, chunks
        assert freed() is None
    finally:
        gc.enable()


async def test_closing_in_a_task_that_is_cancelled_already_is_quiet() -> None:
    closed, waiting = [], asyncio.Event()

    async def consume() -> None:
        chunks = mediator().stream(Count())
        await anext(chunks)
        try:
            waiting.set()
            await asyncio.Event().wait()
        finally:
            await chunks.aclose()
            closed.append("quietly")

    task = asyncio.create_task(consume())
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert closed == ["quietly"]


async def test_a_handler_that_awaits_something_cancelled_does_not_look_like_the_end() -> None:
    async def awaits_cancelled(_: Count) -> Any:
        yield 0
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        future.cancel("by somebody else")
        await future

    chunks = mediator(handler=awaits_cancelled).stream(Count())
    await anext(chunks)
    with pytest.raises(asyncio.CancelledError, match="by somebody else"):
        await anext(chunks)


async def test_the_result_of_a_middleware_after_the_chunks_is_not_a_chunk() -> None:
    async def counting(request: Any, handle: Any) -> Any:
        await handle(request)
        return "done"

    assert [n async for n in mediator(counting).stream(Count(upto=2))] == [0, 1]


def test_a_stream_can_be_closed_when_there_is_no_event_loop_any_more() -> None:
    closed = []

    async def without_awaiting(_: Count) -> Any:
        try:
            yield 0
        finally:
            closed.append("handler")

    chunks = mediator(handler=without_awaiting).stream(Count())
    for step in (chunks.__anext__(), chunks.aclose()):
        with pytest.raises(StopIteration):
            step.send(None)
    assert closed == ["handler"]
