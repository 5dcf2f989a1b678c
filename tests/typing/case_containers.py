"""A container gives what it is asked for, also by a protocol or an abstract class."""

import abc
from typing import Generic, Protocol, TypeVar, assert_type

import cqrs
from cqrs.container.di.container import DIContainer

T = TypeVar("T")


class Prices(Protocol):
    def cents(self, sku: str) -> int: ...


class Store(abc.ABC):
    @abc.abstractmethod
    def save(self) -> None: ...


class Repo(Generic[T]):
    pass


async def resolved(resolver: cqrs.Resolver, container: DIContainer) -> None:
    assert_type(await resolver.resolve(Prices), Prices)
    assert_type(await resolver.resolve(Store), Store)
    assert_type(await resolver.resolve(Repo[int]), Repo[int])
    assert_type(await container.resolve(Prices), Prices)
    async with resolver.scope() as scope:
        assert_type(await scope.resolve(Prices), Prices)
    text: str = await resolver.resolve(Store)  # type: ignore[arg-type]  # pyright: ignore[reportAssignmentType]
    assert_type(text, str)
