"""anyio cancels at every `await` until its scope is left. A request scope closes in spite of that."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import anyio
import pytest

import cqrs
from cqrs.dispatcher import cancellation
from cqrs.requests.bootstrap import bootstrap, bootstrap_streaming

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable


class Session:
    pass


class Order(cqrs.Request[None]):
    pass


async def wait_forever(command: Order, session: Session) -> None:
    await asyncio.Event().wait()


class WaitForever(cqrs.StreamingRequestHandler[Order, None]):
    def __init__(self, session: Session) -> None:
        self._session = session

    async def handle(self, request: Order) -> Any:
        yield None
        await asyncio.Event().wait()


def container(close: Callable[[], Awaitable[Any]]) -> cqrs.Resolver:
    async def session() -> AsyncGenerator[Session, None]:
        try:
            yield Session()
        finally:
            await close()

    resolver = cqrs.Resolver()
    resolver.bind(Session, session, lifetime="request")
    return resolver


async def send(resolver: cqrs.Resolver) -> None:
    await bootstrap(resolver, commands_mapper=lambda m: m.bind(Order, wait_forever)).send(Order())


async def stream(resolver: cqrs.Resolver) -> None:
    mediator = bootstrap_streaming(resolver, commands_mapper=lambda m: m.bind(Order, WaitForever))
    async with aclosing(mediator.stream(Order())) as chunks:
        async for _ in chunks:
            pass


BOTH = pytest.mark.parametrize("run", [send, stream])


@BOTH
async def test_closing_the_scope_may_await(run: Callable[[cqrs.Resolver], Awaitable[None]]) -> None:
    closed: list[str] = []

    async def close() -> None:
        await asyncio.sleep(0.01)
        await asyncio.sleep(0)
        await asyncio.create_task(asyncio.sleep(0.01))
        closed.append("session")

    with anyio.move_on_after(0.01) as scope:
        await run(container(close))
    assert scope.cancelled_caught
    assert closed == ["session"]


@BOTH
async def test_timeout_of_the_closing_itself_holds(run: Callable[[cqrs.Resolver], Awaitable[None]]) -> None:
    async def close() -> None:
        async with asyncio.timeout(0.01):
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError), anyio.move_on_after(0.01):
        await run(container(close))


@BOTH
async def test_error_of_the_closing_is_raised(run: Callable[[cqrs.Resolver], Awaitable[None]]) -> None:
    async def close() -> None:
        await asyncio.sleep(0.01)
        raise OSError("the connection is lost")

    with pytest.raises(OSError, match="the connection is lost"), anyio.move_on_after(0.01):
        await run(container(close))


@BOTH
async def test_a_dependency_closed_by_the_scope_may_hold_a_task_group(
    run: Callable[[cqrs.Resolver], Awaitable[None]],
) -> None:
    closed: list[str] = []

    async def session() -> AsyncGenerator[Session, None]:
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.sleep_forever)
            try:
                yield Session()
            finally:
                await asyncio.sleep(0.01)
                closed.append("session")

    resolver = cqrs.Resolver()
    resolver.bind(Session, session, lifetime="request")
    with anyio.move_on_after(0.01) as scope:
        await run(resolver)
    assert scope.cancelled_caught
    assert closed == ["session"]


@BOTH
async def test_cancel_scope_of_the_closing_itself_holds(run: Callable[[cqrs.Resolver], Awaitable[None]]) -> None:
    gave_up: list[bool] = []

    async def close() -> None:
        with anyio.move_on_after(0.01, shield=True) as patience:
            await anyio.sleep_forever()
        gave_up.append(patience.cancelled_caught)

    with anyio.move_on_after(0.01):
        await run(container(close))
    assert gave_up == [True]


@BOTH
async def test_closing_that_hangs_is_given_up(
    run: Callable[[cqrs.Resolver], Awaitable[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cancellation, "PATIENCE", 0.01)
    with anyio.move_on_after(0.01) as scope:
        await run(container(asyncio.Event().wait))
    assert scope.cancelled_caught


async def test_closing_the_scope_is_not_cut_short_by_a_cancellation_meanwhile() -> None:
    closed: list[str] = []

    async def answer(command: Order, session: Session) -> None:
        pass

    async def close() -> None:
        scope.cancel()
        await asyncio.sleep(0.01)
        closed.append("session")

    mediator = bootstrap(container(close), commands_mapper=lambda m: m.bind(Order, answer))
    with anyio.CancelScope() as scope:
        await mediator.send(Order())
        await asyncio.sleep(0)
    assert scope.cancelled_caught
    assert closed == ["session"]
