"""The turn of a stream: one transaction from its first chunk to its last."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import pytest

import cqrs
from cqrs.errors import AfterCommitError, TransactionEnded, UnitOfWorkStateError
from cqrs.requests.bootstrap import bootstrap_streaming
from cqrs.unit_of_work import current_unit_of_work
from tests.helpers.errors import Deliberate
from tests.helpers.waiting import AT_ONCE
from tests.integration.transactions.stand import Counted, Told, Watch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.integration.transactions.stand import Service


def three(stand: Service) -> Any:
    """Chunks, each with a note."""

    async def chunks() -> AsyncIterator[int]:
        for number in range(3):
            await stand.write(str(number))
            yield number

    return chunks


async def test_a_stream_is_committed_after_its_last_chunk(stand: Service) -> None:
    seen = []
    async for number in stand.streaming().stream(Watch(three(stand))):
        seen.append((number, await stand.notes()))
    assert seen == [(0, []), (1, []), (2, [])]
    assert await stand.notes() == ["0", "1", "2"]


async def test_a_stream_that_fails_is_undone(stand: Service) -> None:
    async def chunks() -> AsyncIterator[int]:
        await stand.write("undone")
        yield 1
        raise Deliberate

    with pytest.raises(Deliberate):
        async for _ in stand.streaming().stream(Watch(chunks)):
            pass
    assert await stand.notes() == []


async def test_a_stream_that_is_left_early_is_undone_with_a_warning(
    stand: Service, caplog: pytest.LogCaptureFixture
) -> None:
    async with aclosing(stand.streaming().stream(Watch(three(stand)))) as chunks:
        async for _ in chunks:
            break
    assert await stand.notes() == []
    assert "Watch was left before its end: what it wrote is undone" in caplog.text


async def test_a_stream_that_touches_no_database_is_left_without_a_warning(
    stand: Service, caplog: pytest.LogCaptureFixture
) -> None:
    async def chunks() -> AsyncIterator[int]:
        yield 1
        yield 2

    counted = Counted(stand.engine)
    with caplog.at_level(logging.WARNING, "cqrs"):
        async with aclosing(stand.streaming().stream(Watch(chunks))) as given:
            async for _ in given:
                break
    assert (caplog.messages, counted.connections) == ([], 0)


async def test_the_consumer_of_a_stream_is_not_in_its_transaction(stand: Service) -> None:
    async for _ in stand.streaming().stream(Watch(three(stand))):
        assert current_unit_of_work() is None


async def test_the_steps_of_a_stream_may_run_in_several_tasks(stand: Service) -> None:
    """As a web framework does that takes each chunk in a task of its own."""
    chunks = stand.streaming().stream(Watch(three(stand)))
    found = [await asyncio.create_task(chunks.__anext__()) for _ in range(3)]
    with pytest.raises(StopAsyncIteration):
        await asyncio.create_task(chunks.__anext__())
    assert (found, await stand.notes()) == ([0, 1, 2], ["0", "1", "2"])


async def test_a_notification_of_a_stream_leaves_with_its_commit(stand: Service) -> None:
    async def watch(request: Watch, events: cqrs.EventRecorder) -> AsyncIterator[int]:
        async for chunk in request.chunks():
            events.record(Told(payload=str(chunk)))
            yield chunk

    mediator = bootstrap_streaming(commands_mapper=lambda m: m.bind(Watch, watch), database=stand.db)
    async for _ in mediator.stream(Watch(three(stand))):
        assert await stand.messages() == []
    assert await stand.messages() == ["0", "1", "2"]


async def test_a_notification_of_a_stream_that_is_left_early_does_not_leave(stand: Service) -> None:
    async def watch(request: Watch, events: cqrs.EventRecorder) -> AsyncIterator[int]:
        async for chunk in request.chunks():
            events.record(Told(payload=str(chunk)))
            yield chunk

    mediator = bootstrap_streaming(commands_mapper=lambda m: m.bind(Watch, watch), database=stand.db)
    async with aclosing(mediator.stream(Watch(three(stand)))) as chunks:
        async for _ in chunks:
            break
    assert await stand.messages() == []


async def test_a_stream_whose_callback_fails_after_the_commit_raises(stand: Service) -> None:
    async def fail() -> None:
        raise Deliberate

    async def chunks() -> AsyncIterator[int]:
        await stand.write("one")
        current_unit_of_work().after_commit(fail)  # type: ignore[union-attr]
        yield 1

    with pytest.raises(AfterCommitError):
        async for _ in stand.streaming().stream(Watch(chunks)):
            pass
    assert await stand.notes() == ["one"]


async def test_a_stream_that_has_given_out_something_is_not_repeated(stand: Service) -> None:
    retry = cqrs.RetryMiddleware(cqrs.Retry(3, backoff=AT_ONCE, on=(Deliberate,)))
    seen = []

    async def chunks() -> AsyncIterator[int]:
        yield 1
        raise Deliberate

    with pytest.raises(Deliberate):
        async for chunk in stand.streaming(middlewares=[retry]).stream(Watch(chunks)):
            seen.append(chunk)
    assert seen == [1]


async def test_a_stream_that_has_given_out_nothing_is_repeated(stand: Service) -> None:
    retry = cqrs.RetryMiddleware(cqrs.Retry(3, backoff=AT_ONCE, on=(Deliberate,)))
    tries = []

    async def chunks() -> AsyncIterator[int]:
        tries.append(len(tries))
        await stand.write(str(len(tries)))
        if len(tries) < 3:
            raise Deliberate
        yield 1

    assert [chunk async for chunk in stand.streaming(middlewares=[retry]).stream(Watch(chunks))] == [1]
    assert await stand.notes() == ["3"]


async def test_a_stream_within_a_turn_is_a_savepoint_of_it(stand: Service) -> None:
    async def failing() -> AsyncIterator[int]:
        await stand.write("undone")
        yield 1
        raise Deliberate

    async def work() -> None:
        await stand.write("before")
        with pytest.raises(Deliberate):
            async for _ in stand.streaming().stream(Watch(failing)):
                pass
        async for _ in stand.streaming().stream(Watch(three(stand))):
            pass
        assert await stand.notes() == []

    await stand.send(work)
    assert await stand.notes() == ["before", "0", "1", "2"]


async def test_a_stream_within_a_turn_that_is_left_early_is_undone_alone(stand: Service) -> None:
    async def work() -> None:
        await stand.write("before")
        async with aclosing(stand.streaming().stream(Watch(three(stand)))) as chunks:
            async for _ in chunks:
                break
        await stand.write("after")

    await stand.send(work)
    assert await stand.notes() == ["before", "after"]


async def test_the_turn_around_a_stream_does_not_write_between_its_chunks_into_its_savepoint(stand: Service) -> None:
    """What the consumer of a nested stream writes between two chunks must not go when that is undone."""

    async def failing() -> AsyncIterator[int]:
        await stand.write("undone")
        yield 1
        raise Deliberate

    async def work() -> str:
        await stand.write("before")
        with pytest.raises(Deliberate):
            async for _ in stand.streaming().stream(Watch(failing)):
                await stand.write("between")
        return "done"

    try:
        await stand.send(work)
    except UnitOfWorkStateError:
        assert await stand.notes() == []
    else:
        assert await stand.notes() == ["before", "between"]


async def test_a_stream_that_goes_on_after_the_turn_around_it_raises(stand: Service) -> None:
    kept: list[Any] = []

    async def work() -> None:
        chunks = stand.streaming().stream(Watch(three(stand)))
        await chunks.__anext__()
        kept.append(chunks)

    with pytest.raises((TransactionEnded, UnitOfWorkStateError)):
        await stand.send(work)
        await kept[0].__anext__()
    await kept[0].aclose()
    assert await stand.notes() in ([], ["0"])
