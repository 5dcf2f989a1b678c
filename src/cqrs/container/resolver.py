"""The default container: builds things from the annotations of their constructors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from cqrs._generics import type_name
from cqrs.container.instances import Instances
from cqrs.container.provider import Lifetime, Provider, autowired, provider_of
from cqrs.container.request_scope import RequestScope, Source
from cqrs.errors import DependencyError, WiringProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Self

T = TypeVar("T")


class Resolver:
    """Builds a class by resolving the annotations of its constructor; what they name may be bound to something else.

    ``bind`` says how to make a type: with a class, a function (async or not), or a generator that yields it once and
    cleans up after the ``yield``. A factory's own parameters are injected too. A *transient* is made anew each time;
    a *request* thing once per request, closed when the request ends; a *singleton* once, closed by :meth:`aclose`.
    Concrete classes need no binding. A parameter with a default keeps it unless its type was bound.

    Bind before the first request. Resolving is safe from many tasks of one event loop.
    """

    def __init__(self, *, source: Source | None = None) -> None:
        self._source = source
        self._bound: dict[Any, Provider] = {}
        self._providers: dict[Any, Provider] = {}
        self._singletons = Instances()

    def bind(self, type_: Any, factory: Callable[..., Any] | None = None, *, lifetime: Lifetime = "transient") -> None:
        """Make ``type_`` with ``factory``, by default with its own constructor. The last binding of a type counts.

        Raises ``DependencyError`` if a parameter of the factory has no readable annotation.
        """
        self._bound[type_] = provider_of(factory or type_, lifetime)
        self._providers.clear()

    def bind_instance(self, type_: type[T], instance: T) -> None:
        """Give ``instance`` to whoever asks for ``type_``. It is not closed by the resolver."""
        self._bound[type_] = Provider(lambda: instance, "transient", "plain")
        self._providers.clear()

    async def resolve(self, type_: type[T]) -> T:
        """An instance of ``type_``. Raises ``DependencyError`` if it, or something it needs, cannot be made."""
        async with self.scope() as scope:
            return await scope.resolve(type_)

    @property
    def scoped(self) -> bool:
        """Whether anything lives per request, so that every request needs a scope."""
        return self._source is not None or any(
            p.lifetime == "request" or "generator" in p.kind for p in self._bound.values()
        )

    def scope(self) -> RequestScope:
        """A request scope: what has the lifetime *request* is made once within it and closed at its end."""
        return RequestScope(self, self._source.scope() if self._source is not None else None)

    def constructor(self, type_: type[T]) -> Callable[[], T] | None:
        """A function that makes ``type_`` at once; ``None`` if that takes an ``await`` or a request scope."""
        provider = self.provider(type_)
        if provider is None or provider.kind != "plain" or provider.lifetime == "request":
            return None
        parts = {p.name: self.constructor(p.type_) for p in self.injected(provider)}
        if not all(p.keyword for p in provider.parameters) or None in parts.values():
            return None
        make = _assembled(provider.factory, parts)
        return _memoised(make, type_, self._singletons.made) if provider.lifetime == "singleton" else make

    def check(self, types: Iterable[type]) -> list[WiringProblem]:
        """What will stop the resolver from building ``types``: missing, circular, or too short-lived dependencies."""
        problems: list[WiringProblem] = []
        for type_ in types:
            try:
                self._check(type_, ())
            except DependencyError as error:
                chain = " → ".join(type_name(t) for t in (type_, *error.path[1:]))
                problems.append(WiringProblem(chain, error.problem, error.remedy))
        return problems

    async def aclose(self) -> None:
        """Close the singletons, the last made first."""
        await self._singletons.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def provider(self, type_: Any, path: tuple[Any, ...] = ()) -> Provider | None:
        """How ``type_`` is made; ``None`` if the source gives it."""
        known = self._bound.get(type_) or self._providers.get(type_)
        if known is None:
            if self._source is not None and self._source.provides(type_):
                return None
            known = self._providers[type_] = autowired(type_, path)
        return known

    def injected(self, provider: Provider) -> list[Any]:
        """The parameters that are filled in: all that have no default, and those whose type was bound."""
        return [p for p in provider.parameters if not p.optional or self._is_bound(p.type_)]

    @property
    def singletons(self) -> Instances:
        """What lives as long as the resolver."""
        return self._singletons

    def _is_bound(self, type_: Any) -> bool:
        return type_ in self._bound or (self._source is not None and self._source.provides(type_))

    def _check(self, type_: Any, path: tuple[Any, ...]) -> None:
        here = (*path, type_)
        if type_ in path:
            raise DependencyError(
                type_, here, f"{type_name(type_)} needs itself", "Break the circle with a factory or an event"
            )
        provider = self.provider(type_, here)
        if provider is None:
            return
        for parameter in self.injected(provider):
            self._check(parameter.type_, here)
            needed = self.provider(parameter.type_)
            if provider.lifetime == "singleton" and needed is not None and needed.lifetime == "request":
                raise DependencyError(
                    parameter.type_,
                    (*here, parameter.type_),
                    f"the singleton {type_name(type_)} would outlive {type_name(parameter.type_)}, made per request",
                    f'Bind {type_name(type_)} with lifetime="request"',
                )


def _assembled(factory: Callable[..., Any], parts: dict[str, Any]) -> Callable[[], Any]:
    if not parts:
        return factory
    return lambda: factory(**{name: part() for name, part in parts.items()})


def _memoised(make: Callable[[], Any], key: Any, made: dict[Any, Any]) -> Callable[[], Any]:
    def get() -> Any:
        if key not in made:
            made[key] = make()
        return made[key]

    return get
