"""What is bound in a container after the first request counts for the next one, whatever was compiled before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator  # noqa: TC003  # containers read them
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import di
import dishka
import pytest
from dependency_injector import containers, providers
from di import bind_by_type
from di.dependent import Dependent

import cqrs
from cqrs.container.dependency_injector.container import DependencyInjectorCQRSContainer
from cqrs.container.di.container import DIContainer
from cqrs.container.dishka.container import DishkaContainer
from cqrs.requests import bootstrap

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqrs.container.resolving.provider import Lifetime


class Clock:
    """What is replaced."""

    name = "real"


class FakeClock(Clock):
    name = "fake"


class Look(cqrs.Request[str]):
    pass


class LookHandler(cqrs.RequestHandler[Look, str]):
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def handle(self, request: Look) -> str:
        del request
        self.record(Looked())
        return self._clock.name


class Looked(cqrs.DomainEvent):
    pass


@dataclass
class Log:
    """What event handlers and factories did."""

    lines: list[str] = field(default_factory=list)


LOG = Log()


class Tell(cqrs.EventHandler[Looked]):
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def handle(self, event: Looked) -> None:
        del event
        LOG.lines.append(self._clock.name)


def fake() -> FakeClock:
    return FakeClock()


async def fake_later() -> FakeClock:
    await asyncio.sleep(0)
    return FakeClock()


def fake_and_closed() -> Iterator[FakeClock]:
    yield FakeClock()
    LOG.lines.append("closed")


async def fake_and_closed_later() -> AsyncIterator[FakeClock]:
    yield FakeClock()
    await asyncio.sleep(0)
    LOG.lines.append("closed")


class Library(Protocol):
    """A container with a clock of the application, in which that can be replaced."""

    container: Any

    def override(self, factory: Callable[..., Any], lifetime: Lifetime) -> AbstractContextManager[None]: ...


class OurResolver:
    def __init__(self) -> None:
        self.container = cqrs.Resolver()
        self.container.bind(Clock, lifetime="singleton")

    @contextmanager
    def override(self, factory: Callable[..., Any], lifetime: Lifetime) -> Iterator[None]:
        self.container.bind(Clock, factory, lifetime=lifetime)
        yield
        self.container.bind(Clock, lifetime="singleton")


class Di:
    def __init__(self) -> None:
        self.container = di.Container()
        self.container.bind(bind_by_type(Dependent(Clock, scope="singleton"), Clock))

    def override(self, factory: Callable[..., Any], lifetime: Lifetime) -> AbstractContextManager[None]:
        scope = "singleton" if lifetime == "singleton" else "request"
        dependent: Dependent[Any] = Dependent(factory, scope=scope, use_cache=lifetime != "transient")
        return self.container.bind(bind_by_type(dependent, Clock))


class DependencyInjector:
    class Container(containers.DeclarativeContainer):
        clock = providers.Singleton(Clock)

    def __init__(self) -> None:
        self._inner = self.Container()
        self.container = DependencyInjectorCQRSContainer(self._inner)

    @contextmanager
    def override(self, factory: Callable[..., Any], lifetime: Lifetime) -> Iterator[None]:
        kind: Any = {"singleton": providers.Singleton, "transient": providers.Factory}[lifetime]
        with self._inner.clock.override(kind(factory)):
            yield


class Dishka:
    """Its containers never change: one with overriding providers is attached instead."""

    def __init__(self) -> None:
        self._real = dishka.Provider(scope=dishka.Scope.APP)
        self._real.provide(Clock)
        self.container = DishkaContainer(dishka.make_async_container(self._real))

    @contextmanager
    def override(self, factory: Callable[..., Any], lifetime: Lifetime) -> Iterator[None]:
        scope = dishka.Scope.APP if lifetime == "singleton" else dishka.Scope.REQUEST
        other = dishka.Provider()
        other.provide(factory, provides=Clock, scope=scope, override=True)
        before = self.container.external_container
        self.container.attach_external_container(dishka.make_async_container(self._real, other))
        yield
        self.container.attach_external_container(before)


LIBRARIES = (OurResolver, Di, DependencyInjector, Dishka)
CASES = [
    (library, factory, lifetime)
    for library in LIBRARIES
    for factory in (fake, fake_later, fake_and_closed, fake_and_closed_later)
    for lifetime in ("singleton", "transient", "request")
    if library is not DependencyInjector or ("closed" not in factory.__name__ and lifetime != "request")
    if library is not Dishka or lifetime != "transient"
    if lifetime != "singleton" or "closed" not in factory.__name__
]


@pytest.fixture(autouse=True)
def _empty_log() -> None:
    LOG.lines.clear()


def mediator_on(container: Any) -> cqrs.RequestMediator:
    return bootstrap.bootstrap(
        container,
        commands_mapper=lambda m: m.bind(Look, LookHandler),
        domain_events_mapper=lambda m: m.bind(Looked, Tell),
    )


@pytest.mark.parametrize(("library", "factory", "lifetime"), CASES)
async def test_a_binding_made_after_the_first_request_counts_for_the_next(
    library: type[Library], factory: Callable[..., Any], lifetime: Lifetime
) -> None:
    given = library()
    mediator = mediator_on(given.container)
    assert [await mediator.send(Look()) for _ in range(3)] == ["real"] * 3
    LOG.lines.clear()
    with given.override(factory, lifetime):
        assert [await mediator.send(Look()) for _ in range(3)] == ["fake"] * 3
        assert LOG.lines.count("fake") == 3
        if "closed" in factory.__name__:
            assert LOG.lines.count("closed") >= 3
    assert [await mediator.send(Look()) for _ in range(3)] == ["real"] * 3
    assert LOG.lines.count("real") == 3


@pytest.mark.parametrize("library", LIBRARIES)
async def test_an_event_handler_sees_what_is_bound_after_the_first_event(library: type[Library]) -> None:
    given = library()
    mediator = mediator_on(given.container)
    await mediator.send(Look())
    with given.override(fake, "singleton"):
        await mediator.send(Look())
    assert LOG.lines == ["real", "fake"]


class Pool:
    """A singleton that takes an ``await`` to make."""

    made = 0


async def connect() -> Pool:
    await asyncio.sleep(0)
    Pool.made += 1
    return Pool()


async def open_pool() -> AsyncIterator[Pool]:
    yield await connect()
    LOG.lines.append("pool closed")


class Tick:
    made = 0

    def __init__(self) -> None:
        Tick.made += 1


class Ask(cqrs.Request[int]):
    pass


class AskHandler(cqrs.RequestHandler[Ask, int]):
    def __init__(self, tick: Tick, pool: Pool) -> None:
        del tick
        self._pool = pool

    async def handle(self, request: Ask) -> int:
        del request
        return id(self._pool)


def with_a_pool(library: str, factory: Any) -> Any:
    """A container with such a singleton."""
    if library == "resolver":
        resolver = cqrs.Resolver()
        resolver.bind(Pool, factory, lifetime="singleton")
        return resolver
    if library == "di":
        container = di.Container()
        container.bind(bind_by_type(Dependent(factory, scope="singleton"), Pool))
        container.bind(bind_by_type(Dependent(Tick, scope="request", use_cache=False), Tick))
        return DIContainer(container)
    provider = dishka.Provider(scope=dishka.Scope.APP)
    provider.provide(factory, provides=Pool)
    return dishka.make_async_container(provider)


@pytest.mark.parametrize("factory", [connect, open_pool])
@pytest.mark.parametrize("library", ["resolver", "di", "dishka"])
async def test_a_singleton_that_is_awaited_is_made_once_and_its_handlers_once_for_each_request(
    library: str, factory: Any
) -> None:
    container = with_a_pool(library, factory)
    mediator = bootstrap.bootstrap(container, commands_mapper=lambda m: m.bind(Ask, AskHandler))
    Pool.made = Tick.made = 0
    at_once = await asyncio.gather(*(mediator.send(Ask()) for _ in range(5)))
    later = [await mediator.send(Ask()) for _ in range(3)]
    assert len({*at_once, *later}) == Pool.made == 1
    assert Tick.made == 8
    await (container.close() if library == "dishka" else container.aclose())
    assert LOG.lines == ["pool closed"] * (factory is open_pool)
    await mediator.send(Ask())
    assert Pool.made == 2  # the container was closed and is used again
    await (container.close() if library == "dishka" else container.aclose())


async def test_a_scope_of_dishka_is_not_entered_for_what_lasts() -> None:
    entered: list[str] = []
    provider = dishka.Provider(scope=dishka.Scope.APP)
    provider.provide(Clock)

    async def per_request() -> AsyncIterator[Pool]:
        entered.append("open")
        yield Pool()
        entered.append("closed")

    provider.provide(per_request, scope=dishka.Scope.REQUEST)
    mediator = bootstrap.bootstrap(
        dishka.make_async_container(provider),
        commands_mapper=lambda m: (m.bind(Look, LookHandler), m.bind(Ask, AskHandler)),  # type: ignore[func-returns-value]
    )
    await mediator.send(Look())
    assert entered == []
    await mediator.send(Ask())
    assert entered == ["open", "closed"]


async def test_a_task_that_outlives_a_request_in_which_nothing_was_opened_gets_nothing_more() -> None:
    kept: list[Any] = []

    async def keep(request: Look) -> str:
        del request
        kept.append(cqrs.current_scope())
        return ""

    container = di.Container()
    await bootstrap.bootstrap(container, commands_mapper=lambda m: m.bind(Look, keep)).send(Look())
    with pytest.raises(cqrs.errors.DependencyError, match="after the end of its request"):
        await kept[0].resolve(Clock)


async def test_a_dependency_shared_by_a_request_is_one_object_however_it_was_made() -> None:
    def close_it(clock: Clock) -> Iterator[Pool]:
        made = Pool()
        made.clock = clock  # type: ignore[attr-defined]
        yield made

    container = di.Container()
    container.bind(bind_by_type(Dependent(close_it, scope="request"), Pool))
    async with DIContainer(container).scope() as scope:
        clock = await scope.resolve(Clock)  # the short way: never shared, it was asked for itself
        handler = await scope.resolve(LookHandler)  # the short way, with a clock of the request
        pool: Any = await scope.resolve(Pool)  # the long way
        again = await scope.resolve(LookHandler)
    assert pool.clock is handler._clock is again._clock
    assert clock is not pool.clock
