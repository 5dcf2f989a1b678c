"""How long the default resolver keeps what it makes, and that it makes it once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from cqrs.container.resolver import Resolver
from cqrs.errors import DependencyError
from tests.unit.container.parts import Clock, Mail

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Desk:
    def __init__(self, clock: Clock, mail: Mail) -> None:
        self.clock, self.mail = clock, mail


async def test_transient_is_made_for_each_dependent() -> None:
    desk = await Resolver().resolve(Desk)
    assert desk.clock is not desk.mail.clock


async def test_thing_of_a_request_is_shared_in_its_request() -> None:
    resolver = Resolver()
    resolver.bind(Clock, lifetime="request")
    async with resolver.scope() as one, resolver.scope() as other:
        desk = await one.resolve(Desk)
        assert desk.clock is desk.mail.clock
        assert (await other.resolve(Desk)).clock is not desk.clock


async def test_singleton_is_shared_by_all() -> None:
    resolver = Resolver()
    resolver.bind(Clock, lifetime="singleton")
    async with resolver.scope() as one, resolver.scope() as other:
        assert (await one.resolve(Desk)).clock is (await other.resolve(Mail)).clock
    construct = resolver.constructor(Mail)
    assert construct is not None
    assert construct().clock is await resolver.resolve(Clock)


async def test_instance_is_given_to_all() -> None:
    resolver = Resolver()
    resolver.bind_instance(Clock, clock := Clock())
    desk = await resolver.resolve(Desk)
    assert desk.clock is desk.mail.clock is clock


# Two at once


class Pool:
    made = 0

    def __init__(self) -> None:
        Pool.made += 1


@pytest.fixture(autouse=True)
def _start_counting_pools() -> None:
    Pool.made = 0


class Slow:
    """A factory that waits until it may go on, and counts the calls within it."""

    def __init__(self, *outcomes: type[BaseException] | None) -> None:
        self.entered = asyncio.Event()
        self.go_on = asyncio.Event()
        self._outcomes = [*outcomes]

    async def __call__(self) -> Pool:
        self.entered.set()
        await self.go_on.wait()
        outcome = self._outcomes.pop(0) if self._outcomes else None
        if outcome is not None:
            raise outcome
        return Pool()


@pytest.mark.parametrize("lifetime", ["request", "singleton"])
async def test_many_tasks_that_ask_at_once_get_the_same_one(lifetime: str) -> None:
    resolver, slow = Resolver(), Slow()
    resolver.bind(Pool, slow, lifetime=lifetime)  # type: ignore[arg-type]  # one of the two
    async with resolver.scope() as scope:
        tasks = [asyncio.create_task(scope.resolve(Pool)) for _ in range(5)]
        await slow.entered.wait()
        slow.go_on.set()
        pools = await asyncio.gather(*tasks)
    assert len({id(pool) for pool in pools}) == Pool.made == 1


async def test_task_that_waited_makes_it_itself_if_the_first_one_fails() -> None:
    resolver, slow = Resolver(), Slow(ConnectionError)
    resolver.bind(Pool, slow, lifetime="singleton")
    first, second = (asyncio.create_task(resolver.resolve(Pool)) for _ in range(2))
    await slow.entered.wait()
    slow.go_on.set()
    with pytest.raises(ConnectionError):
        await first
    assert isinstance(await second, Pool)


async def test_task_that_waited_makes_it_itself_if_the_first_one_is_cancelled() -> None:
    resolver, slow = Resolver(), Slow()
    resolver.bind(Pool, slow, lifetime="singleton")
    first, second = (asyncio.create_task(resolver.resolve(Pool)) for _ in range(2))
    await slow.entered.wait()
    first.cancel()
    slow.go_on.set()
    assert isinstance(await second, Pool)
    assert first.cancelled()


async def test_task_that_waits_can_be_cancelled_without_harm() -> None:
    resolver, slow = Resolver(), Slow()
    resolver.bind(Pool, slow, lifetime="singleton")
    first, second = (asyncio.create_task(resolver.resolve(Pool)) for _ in range(2))
    await slow.entered.wait()
    second.cancel()
    slow.go_on.set()
    assert await first is await resolver.resolve(Pool)
    assert second.cancelled()


def test_resolver_serves_one_event_loop_after_the_other() -> None:
    resolver = Resolver()

    async def connect() -> AsyncIterator[Pool]:
        await asyncio.sleep(0)
        yield Pool()

    resolver.bind(Pool, connect, lifetime="singleton")

    async def service() -> bool:
        async with resolver:
            first, second = await asyncio.gather(resolver.resolve(Pool), resolver.resolve(Pool))
            return first is second

    assert asyncio.run(service())
    assert asyncio.run(service())
    assert Pool.made == 2


# Outside of a request


async def test_request_scoped_dependencies_are_not_resolved_outside_of_a_request() -> None:
    resolver = Resolver()
    resolver.bind(Clock, lifetime="request")
    with pytest.raises(DependencyError, match=r"Clock lives per request, and no request scope is open") as caught:
        await resolver.resolve(Desk)
    assert caught.value.path == (Desk, Clock)
    assert "async with resolver.scope() as scope" in str(caught.value)


async def test_dependencies_that_must_be_closed_are_not_resolved_outside_of_a_request() -> None:
    async def connect() -> AsyncIterator[Pool]:
        yield Pool()

    resolver = Resolver()
    resolver.bind(Pool, connect)
    with pytest.raises(DependencyError, match="Pool is closed with the request"):
        await resolver.resolve(Pool)
    assert Pool.made == 0


async def test_task_that_outlives_its_request_is_refused() -> None:
    resolver = Resolver()
    resolver.bind(Clock, lifetime="request")
    async with resolver.scope() as scope:
        pass
    with pytest.raises(DependencyError, match="asked for after the end of its request"):
        await scope.resolve(Clock)


# Whether requests need a scope


async def test_scope_is_needed_if_something_lives_per_request_or_has_to_be_closed() -> None:
    async def connect() -> AsyncIterator[Pool]:
        yield Pool()

    resolver = Resolver()
    resolver.bind(Clock, lifetime="singleton")
    resolver.bind(Pool, connect, lifetime="singleton")
    assert not resolver.scoped
    resolver.bind(Pool, connect)
    assert resolver.scoped
    resolver.bind(Pool, lifetime="request")
    assert resolver.scoped
