"""Wraps any supported container so that the engine can use it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from cqrs.container.adopted import AdoptedContainer
from cqrs.container.checked import JudgedInjector
from cqrs.container.protocol import Container
from cqrs.container.resolver import Resolver
from cqrs.errors.wiring import WiringError, WiringProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractAsyncContextManager
    from types import TracebackType

    from cqrs._registries.compiled import PlanCache
    from cqrs.container.origin import Origins

T = TypeVar("T")

# The top-level package of a container's class, and the module and class of its adapter.
_ADAPTERS = {
    "di": ("cqrs.container.di.container", "DIContainer"),
    "dependency_injector": ("cqrs.container.dependency_injector.container", "DependencyInjectorCQRSContainer"),
    "dishka": ("cqrs.container.dishka.container", "DishkaContainer"),
}


class LightScope(Container, Protocol):
    """A request scope that can be used without being entered: it opens something only when that is first needed."""

    ended: bool

    @property
    def opened(self) -> object:
        """What is closed when the scope is left. While it is ``None``, it is enough to set ``ended``."""
        ...

    async def __aenter__(self) -> Container: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...


class Injector(Protocol):
    """The port through which the engine gets handlers. The default resolver implements it."""

    @property
    def light_scope(self) -> Callable[[], LightScope] | None:
        """Makes a request scope that need not be entered; ``None`` if there are no such scopes."""
        ...

    @property
    def scoped(self) -> bool:
        """Whether every request needs a scope of its own."""
        ...

    def scope(self) -> AbstractAsyncContextManager[Container]:
        """Open a request scope."""
        ...

    def constructor(self, type_: type[T]) -> Callable[[], T] | None:
        """Return a function that makes ``type_`` with neither ``await`` nor scope; ``None`` if that is not possible."""
        ...

    def shortcut(self, type_: type[T]) -> Callable[[], T] | None:
        """Like :meth:`constructor`, but the function may raise ``NotAtOnce``; then a scope must resolve ``type_``."""
        ...

    def makes_anew(self, type_: type) -> bool:
        """Whether every request for ``type_`` certainly gets a new instance."""
        ...

    def kept(self) -> PlanCache:
        """Return a new cache for what is computed from the bindings. It is emptied when they change."""
        ...

    def check(self, types: Iterable[type]) -> list[WiringProblem]:
        """Return what will stop it from building ``types``, as far as it can be known."""
        ...

    def origins_of(self, types: Iterable[type]) -> Origins:
        """Yield what makes ``types`` and all they need, each with the path of types to it, as far as it is known."""
        ...


_OF_AN_INJECTOR = ("scope", "shortcut", "kept", "check", "origins_of")  # methods of the adapters


def adopt(container: Any) -> Injector:
    """Return an injector for ``container``: a new default resolver for ``None``, or the adapter of its library.

    Raises ``WiringError`` if ``container`` is no container.
    """
    if container is None:
        return Resolver()
    kind: Any = type(container)  # pyright: ignore[reportUnknownVariableType]  # can be any class
    if issubclass(kind, Resolver | AdoptedContainer | JudgedInjector) or all(
        hasattr(kind, method) for method in _OF_AN_INJECTOR
    ):
        injector: Injector = container
        return injector
    has_resolve = callable(getattr(kind, "resolve", None))  # then it needs no adapter, even in a package named "di"
    package = next((p for cls in kind.__mro__ if (p := cls.__module__.partition(".")[0]) in _ADAPTERS), None)
    if package is not None and not has_resolve:
        module, name = _ADAPTERS[package]
        adapted: Injector = getattr(import_module(module), name)(container)
        return adapted
    if isinstance(container, type):
        raise _not_a_container(container, "it is a class")
    if not callable(getattr(container, "resolve", None)):
        raise _not_a_container(container, "it has no method resolve(type)")
    return AdoptedContainer(container)


def _not_a_container(container: object, problem: str) -> WiringError:
    remedy = "Pass a cqrs.Resolver, a di, dependency-injector or dishka container, or an object with resolve(type)"
    return WiringError([WiringProblem(f"di_container={container!r}", problem, remedy)])
