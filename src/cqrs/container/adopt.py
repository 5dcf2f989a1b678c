"""Makes any container one that the engine can work with."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from cqrs.container.adopted import Adopted
from cqrs.container.checked import Checked
from cqrs.container.protocol import Container
from cqrs.container.resolver import Resolver
from cqrs.errors.wiring import WiringError, WiringProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractAsyncContextManager
    from types import TracebackType

    from cqrs._registries.compiled import Kept
    from cqrs.container.origin import Origins

T = TypeVar("T")

# The top-level package of a container's class, and the adapter that speaks to it.
_ADAPTERS = {
    "di": ("cqrs.container.di.container", "DIContainer"),
    "dependency_injector": ("cqrs.container.dependency_injector.container", "DependencyInjectorCQRSContainer"),
    "dishka": ("cqrs.container.dishka.container", "DishkaContainer"),
}


class LightScope(Container, Protocol):
    """A request scope that can be used without being entered: it opens something only when it is asked for it."""

    ended: bool

    @property
    def opened(self) -> object:
        """What is closed when the scope is left; while it is ``None``, it is enough to set ``ended``."""
        ...

    async def __aenter__(self) -> Container: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...


class Injector(Protocol):
    """What the engine asks for handlers; the default resolver is one."""

    @property
    def light_scope(self) -> Callable[[], LightScope] | None:
        """Makes a request scope that need not be entered, if there are such."""
        ...

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

    def shortcut(self, type_: type[T]) -> Callable[[], T] | None:
        """As that, but the function may raise ``NotAtOnce``: then a scope has to resolve ``type_``."""
        ...

    def makes_anew(self, type_: type) -> bool:
        """Whether whoever asks for ``type_`` is sure to get one that nobody else has."""
        ...

    def kept(self) -> Kept:
        """For what is compiled from all this. It is found empty after a change that would alter it."""
        ...

    def check(self, types: Iterable[type]) -> list[WiringProblem]:
        """What will stop it from building ``types``, as far as it can tell."""
        ...

    def origins_of(self, types: Iterable[type]) -> Origins:
        """What makes ``types`` and all that they need, each with the way to it, as far as it can tell."""
        ...


_OF_AN_INJECTOR = ("scope", "shortcut", "kept", "check", "origins_of")  # our adapters have them


def adopt(container: Any) -> Injector:
    """An injector over ``container``: a new default resolver for ``None``, an adapter for the containers we know.

    Raises ``WiringError`` for something that is no container.
    """
    if container is None:
        return Resolver()
    kind: Any = type(container)  # pyright: ignore[reportUnknownVariableType]  # whatever it is
    if issubclass(kind, Resolver | Adopted | Checked) or all(hasattr(kind, method) for method in _OF_AN_INJECTOR):
        injector: Injector = container
        return injector
    speaks_for_itself = callable(getattr(kind, "resolve", None))  # even if its own package is called "di", say
    package = next((p for cls in kind.__mro__ if (p := cls.__module__.partition(".")[0]) in _ADAPTERS), None)
    if package is not None and not speaks_for_itself:
        module, name = _ADAPTERS[package]
        adapted: Injector = getattr(import_module(module), name)(container)
        return adapted
    if isinstance(container, type):
        raise _not_a_container(container, "it is a class")
    if not callable(getattr(container, "resolve", None)):
        raise _not_a_container(container, "it has no method resolve(type)")
    return Adopted(container)


def _not_a_container(container: object, problem: str) -> WiringError:
    remedy = "Pass a cqrs.Resolver, a di, dependency-injector or dishka container, or an object with resolve(type)"
    return WiringError([WiringProblem(f"di_container={container!r}", problem, remedy)])
