"""What the default resolver makes of factories."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import pytest

from cqrs.container.resolver import Resolver
from tests.unit.container.parts import Clock, Mail

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator

T = TypeVar("T")


class Port(ABC):
    @abstractmethod
    def read(self) -> int: ...


class Adapter(Port):
    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def read(self) -> int:
        return 1


class Box(Generic[T]):
    def __init__(self, one: T) -> None:
        self.one = one


class Thing:
    def __init__(self, mail: Mail) -> None:
        self.mail = mail


def function(mail: Mail) -> Thing:
    return Thing(mail)


async def coroutine_function(mail: Mail) -> Thing:
    return Thing(mail)


def generator(mail: Mail) -> Iterator[Thing]:
    yield Thing(mail)


async def async_generator(mail: Mail) -> AsyncIterator[Thing]:
    yield Thing(mail)


@contextmanager
def context(mail: Mail) -> Generator[Thing, None, None]:
    yield Thing(mail)


@asynccontextmanager
async def async_context(mail: Mail) -> AsyncGenerator[Thing, None]:
    yield Thing(mail)


class Maker:
    def method(self, mail: Mail) -> Thing:
        return Thing(mail)

    async def coroutine_method(self, mail: Mail) -> Thing:
        return Thing(mail)

    async def async_generator_method(self, mail: Mail) -> AsyncIterator[Thing]:
        yield Thing(mail)

    @classmethod
    async def of_the_class(cls, mail: Mail) -> Thing:
        return Thing(mail)

    @staticmethod
    def static(mail: Mail) -> Iterator[Thing]:
        yield Thing(mail)


class Call:
    def __call__(self, mail: Mail) -> Thing:
        return Thing(mail)


class AsyncCall:
    async def __call__(self, mail: Mail) -> Thing:
        return Thing(mail)


class AsyncGeneratorCall:
    async def __call__(self, mail: Mail) -> AsyncIterator[Thing]:
        yield Thing(mail)


def counted(wrapped: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(wrapped)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return wrapped(*args, **kwargs)

    return wrapper


@functools.cache
def cached(mail: Mail) -> Thing:
    return Thing(mail)


FACTORIES: list[Any] = [
    Thing,
    *(function, coroutine_function, generator, async_generator, context, async_context),
    *(Maker().method, Maker().coroutine_method, Maker().async_generator_method, Maker.of_the_class, Maker.static),
    *(Call(), AsyncCall(), AsyncGeneratorCall(), cached),
    *(counted(f) for f in (function, coroutine_function, generator, async_generator, async_context, Call())),
    *(
        functools.partial(f)
        for f in (Thing, coroutine_function, async_generator, Maker().async_generator_method, Call())
    ),
]


@pytest.mark.parametrize("lifetime", ["transient", "request", "singleton"])
@pytest.mark.parametrize("factory", FACTORIES, ids=lambda f: getattr(f, "__qualname__", None) or type(f).__name__)
async def test_every_kind_of_factory_is_called_with_what_it_needs(factory: Any, lifetime: Any) -> None:
    async with Resolver() as resolver:
        resolver.bind(Thing, factory, lifetime=lifetime)
        async with resolver.scope() as scope:
            thing = await scope.resolve(Thing)
            assert isinstance(thing, Thing)
            assert isinstance(thing.mail, Mail)


async def test_interface_is_made_by_what_was_bound_for_it() -> None:
    resolver = Resolver()
    resolver.bind(Port, Adapter)
    port = await resolver.resolve(Port)  # type: ignore[type-abstract]  # that is what ports are for
    assert isinstance(port, Adapter)
    assert isinstance(port.clock, Clock)


async def test_generic_class_with_arguments_can_be_the_factory() -> None:
    resolver = Resolver()
    resolver.bind("orders", Box[Clock])
    assert isinstance((await resolver.resolve(as_key("orders"))).one, Clock)


async def test_arguments_of_a_partial_are_kept_even_if_their_type_was_bound() -> None:
    mine = Clock()
    resolver = Resolver()
    resolver.bind(Clock)
    resolver.bind(Mail, functools.partial(Mail, clock=mine))
    assert (await resolver.resolve(Mail)).clock is mine


async def test_wrapper_that_awaited_by_itself_gives_what_it_returns() -> None:
    @functools.wraps(coroutine_function)
    def wrapper(mail: Mail) -> Thing:
        return Thing(mail)

    resolver = Resolver()
    resolver.bind(Thing, wrapper)
    assert isinstance(await resolver.resolve(Thing), Thing)


async def test_later_binding_replaces_an_earlier_one() -> None:
    resolver = Resolver()
    resolver.bind(Clock, lifetime="singleton")
    await resolver.resolve(Mail)
    resolver.bind_instance(Clock, clock := Clock())
    assert (await resolver.resolve(Mail)).clock is clock


def as_key(key: Any) -> Any:
    """A key that is no class: a resolver takes it, and only the type checker does not."""
    return key
