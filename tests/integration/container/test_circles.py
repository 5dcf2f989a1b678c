"""A type that needs itself is reported with its circle, however its factory resolves it: nothing waits for ever."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import di
import dishka
import pytest
from dependency_injector import containers, providers
from di import bind_by_type
from di.dependent import Dependent

import cqrs
from cqrs.container.resolving import single_flight as turnstile
from cqrs.errors import DependencyError
from cqrs.requests import bootstrap

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable


class A:
    pass


class B:
    pass


class Ask(cqrs.Request[str]):
    pass


async def answer(request: Ask, a: A) -> str:
    del request, a
    return ""


async def soon(waits: Awaitable[Any]) -> Any:
    return await asyncio.wait_for(waits, 5)


@pytest.mark.parametrize("lifetime", ["singleton", "request"])
async def test_factory_that_resolves_its_own_type_is_reported(lifetime: Any) -> None:
    resolver = cqrs.Resolver()

    async def make() -> A:
        return await cqrs.current_scope().resolve(A)

    resolver.bind(A, make, lifetime=lifetime)
    resolver.bind(B, lifetime="request")  # so that there is a scope
    mediator = bootstrap.bootstrap(resolver, commands_mapper=lambda m: m.bind(Ask, answer))
    with pytest.raises(DependencyError, match=r"^A → A: making A waits for itself") as caught:
        await soon(mediator.send(Ask()))
    assert caught.value.path == (A, A)


async def test_factory_that_resolves_its_own_type_in_another_task_is_reported() -> None:
    resolver = cqrs.Resolver()

    async def make() -> A:
        return await asyncio.create_task(resolver.resolve(A))

    resolver.bind(A, make, lifetime="singleton")
    with pytest.raises(DependencyError, match="A → A"):
        await soon(resolver.resolve(A))


async def test_factory_that_sends_a_request_that_needs_its_type_is_reported() -> None:
    resolver = cqrs.Resolver()
    mediator = bootstrap.bootstrap(resolver, commands_mapper=lambda m: m.bind(Ask, answer))

    async def make() -> A:
        await mediator.send(Ask())
        return A()

    resolver.bind(A, make, lifetime="singleton")
    with pytest.raises(DependencyError, match="A → A"):
        await soon(mediator.send(Ask()))


def each_other(resolver: cqrs.Resolver) -> None:
    """Let two singletons ask for each other."""

    def asks_for(needed: type, made: type) -> Callable[[], Awaitable[Any]]:
        async def make() -> Any:
            await asyncio.sleep(0)
            await resolver.resolve(needed)
            return made()

        return make

    resolver.bind(A, asks_for(B, A), lifetime="singleton")
    resolver.bind(B, asks_for(A, B), lifetime="singleton")


async def test_two_types_that_need_each_other_are_reported() -> None:
    resolver = cqrs.Resolver()
    each_other(resolver)
    with pytest.raises(DependencyError, match="A → B → A"):
        await soon(resolver.resolve(A))


async def test_two_types_that_need_each_other_in_two_tasks_are_reported() -> None:
    resolver = cqrs.Resolver()
    each_other(resolver)
    errors = await soon(asyncio.gather(resolver.resolve(A), resolver.resolve(B), return_exceptions=True))
    assert [type(error) for error in errors] == [DependencyError, DependencyError]


async def test_waiting_for_another_task_is_not_reported_as_a_circle() -> None:
    resolver = cqrs.Resolver()

    async def make_a() -> A:
        await asyncio.sleep(0.01)
        await resolver.resolve(B)
        return A()

    async def make_b() -> B:
        await asyncio.sleep(0.01)
        return B()

    resolver.bind(A, make_a, lifetime="singleton")
    resolver.bind(B, make_b, lifetime="singleton")
    made = await soon(asyncio.gather(*(resolver.resolve(kind) for kind in (A, B, A, B))))
    assert (made[0], made[1]) == (made[2], made[3])


async def make_by_asking() -> A:
    await asyncio.sleep(0)
    return await cqrs.current_scope().resolve(A)


def by_di() -> Any:
    container = di.Container()
    container.bind(bind_by_type(Dependent(make_by_asking, scope="singleton"), A))
    return container


def by_dishka() -> Any:
    provider = dishka.Provider(scope=dishka.Scope.APP)
    provider.provide(make_by_asking)
    return dishka.make_async_container(provider)


def by_dependency_injector() -> Any:
    return type("Asking", (containers.DeclarativeContainer,), {"a": providers.Singleton(make_by_asking)})()


@pytest.mark.parametrize("container", [by_di, by_dishka, by_dependency_injector])
async def test_factory_of_another_container_that_resolves_its_own_type_is_reported(container: Any) -> None:
    mediator = bootstrap.bootstrap(container(), commands_mapper=lambda m: m.bind(Ask, answer))
    with pytest.raises(DependencyError, match="waits for itself"):
        await soon(mediator.send(Ask()))


def in_a_thread(ask: Callable[[], Any], *, knows_who_asks: bool) -> Awaitable[Any]:
    """The result of ``ask`` in another thread, with the context of the caller or without it."""
    loop = asyncio.get_running_loop()
    return asyncio.to_thread(ask) if knows_who_asks else loop.run_in_executor(None, ask)


@pytest.mark.parametrize("lifetime", ["singleton", "request"])
@pytest.mark.parametrize("own_loop", [True, False], ids=["loop of its own", "same loop"])
@pytest.mark.parametrize("knows", [True, False], ids=["with its context", "without"])
async def test_factory_that_resolves_its_own_type_in_a_thread_is_reported(
    lifetime: Any, own_loop: Any, knows: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turnstile, "PATIENCE", 0.2)
    resolver = cqrs.Resolver()
    loop = asyncio.get_running_loop()
    async with resolver.scope() as scope:

        def ask() -> Any:
            asking: Any = scope.resolve(A)
            return asyncio.run(asking) if own_loop else asyncio.run_coroutine_threadsafe(asking, loop).result()

        async def make() -> A:
            return await in_a_thread(ask, knows_who_asks=knows)

        resolver.bind(A, make, lifetime=lifetime)
        with pytest.raises(DependencyError, match=r"waits for itself|in another event loop|has not been made within"):
            await soon(scope.resolve(A))


async def test_sync_factory_that_blocks_on_a_thread_that_resolves_its_type_is_reported() -> None:
    resolver = cqrs.Resolver()

    def make() -> A:
        with ThreadPoolExecutor() as threads:
            return threads.submit(lambda: asyncio.run(resolver.resolve(A))).result()

    @asynccontextmanager
    async def opened() -> AsyncIterator[A]:
        yield make()

    for factory in (make, opened):
        resolver.bind(A, factory, lifetime="singleton")
        with pytest.raises(DependencyError, match=r"A is being made(, by a factory that asks| in another event loop)"):
            await resolver.resolve(A)


async def test_plain_factory_that_resolves_its_own_type_is_reported() -> None:
    resolver = cqrs.Resolver()
    asked: list[Any] = []

    def make() -> A:
        asked.append(resolver.constructor(A))
        if len(asked) > 2:
            return A()  # it was called again and again
        return asked[-1]()

    resolver.bind(A, make, lifetime="singleton")
    with pytest.raises(DependencyError, match="A is being made, by a factory that asks for it itself"):
        await resolver.resolve(A)
