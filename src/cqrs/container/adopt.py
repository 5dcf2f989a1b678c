"""Makes any container one that the engine can work with."""

from __future__ import annotations

import inspect
from contextlib import asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from cqrs.container.protocol import CheckingContainer, Container, ScopedContainer
from cqrs.container.resolver import Resolver
from cqrs.errors import WiringError, WiringProblem

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterable
    from contextlib import AbstractAsyncContextManager

T = TypeVar("T")

# The top-level package of a container's class, and the adapter that speaks to it.
_ADAPTERS = {
    "di": ("cqrs.container.di", "DIContainer"),
    "dependency_injector": ("cqrs.container.dependency_injector", "DependencyInjectorCQRSContainer"),
    "dishka": ("cqrs.container.dishka", "DishkaContainer"),
}


class Injector(Protocol):
    """What the engine asks for handlers; the default resolver is one."""

    @property
    def scoped(self) -> bool:
        """Whether every request needs a scope of its own."""
        ...

    def scope(self) -> AbstractAsyncContextManager[Container]:
        """Opens a request scope."""
        ...

    def constructor(self, type_: type[T]) -> Callable[[], T] | None:
        """A function that makes ``type_`` with neither an ``await`` nor a scope, where that is possible."""
        ...

    def check(self, types: Iterable[type]) -> list[WiringProblem]:
        """What will stop it from building ``types``, as far as it can tell."""
        ...


def adopt(container: Any) -> Injector:
    """An injector over ``container``: a new default resolver for ``None``, an adapter for the containers we know.

    Raises ``WiringError`` for something that is no container.
    """
    if container is None:
        return Resolver()
    if isinstance(container, Resolver | _Adopted):
        return container
    for cls in type(container).__mro__:
        known = _ADAPTERS.get(cls.__module__.partition(".")[0])
        if known is not None:
            module, name = known
            return _Adopted(getattr(import_module(module), name)(container))
    if not callable(getattr(container, "resolve", None)):
        raise WiringError(
            [
                WiringProblem(
                    f"di_container={container!r}",
                    "it has no method resolve(type)",
                    "Pass a cqrs.Resolver, a di, dependency-injector or dishka container, or one with resolve(type)",
                )
            ]
        )
    return _Adopted(container)


class _Adopted:
    """Anything with ``resolve``, async or not; its scopes and checks are used if it has them."""

    __slots__ = ("_container",)
    scoped = True  # it may be, and a scope that is not needed does no harm

    def __init__(self, container: Any) -> None:
        self._container = container

    @asynccontextmanager
    async def scope(self) -> AsyncGenerator[Container, None]:
        if isinstance(self._container, ScopedContainer):
            async with self._container.scope() as scoped:
                yield _Awaiting(scoped)
        else:
            yield _Awaiting(self._container)

    def constructor(self, type_: type[T]) -> Callable[[], T] | None:  # noqa: ARG002  # the port has it
        """Always ``None``: a container that we do not know may do anything when it builds."""
        return None

    def check(self, types: Iterable[type]) -> list[WiringProblem]:
        return self._container.check(types) if isinstance(self._container, CheckingContainer) else []


class _Awaiting:
    """Awaits what ``resolve`` returns where it is awaitable."""

    __slots__ = ("_container",)

    def __init__(self, container: Any) -> None:
        self._container = container

    async def resolve(self, type_: type[T]) -> T:
        made = self._container.resolve(type_)
        if inspect.isawaitable(made):
            made = await made
        result: T = made
        return result
