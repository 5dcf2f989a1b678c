"""The default container: builds classes from the annotations of their constructors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, get_origin

from cqrs._introspection.generics import type_name
from cqrs._introspection.hints import unaliased
from cqrs._registries.compiled import PlanCache
from cqrs.container.closing import ClosedAtExit
from cqrs.container.origin import called_in
from cqrs.container.resolving.autowiring import is_interface
from cqrs.container.resolving.instances import Instances
from cqrs.container.resolving.planner import Planner
from cqrs.container.resolving.provider import Lifetime, Provider, provider_of
from cqrs.container.resolving.request_scope import RequestScope, scopes_of
from cqrs.container.resolving.shortcut import checked_first
from cqrs.errors.root import InvalidArgument
from cqrs.errors.wiring import DependencyError, problems_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cqrs.container.origin import Origins
    from cqrs.container.resolving.source import Source
    from cqrs.errors.wiring import WiringProblem

T = TypeVar("T")


class Resolver(ClosedAtExit):
    """Builds a class by resolving the annotations of its constructor, using the bindings.

    ``bind`` defines how a type is made: by a class, a function (async or not), or a generator that yields it once and
    cleans up after the ``yield``. The parameters of a factory are injected, too. A *transient* is made each time it is
    needed; a *request* instance once per request, and closed when the request ends; a *singleton* once, and closed by
    :meth:`aclose`. Concrete classes need no binding. A parameter with a default keeps it unless its type is bound.

    A new binding applies to everything that is built afterwards. Resolving is safe from many tasks of one event loop.
    Types that are not bound here come from ``source`` if one is given.
    """

    def __init__(self, *, source: Source | None = None) -> None:
        self._source = source
        self._singletons = Instances()
        self._planner = Planner(source, self._singletons.made)
        self.light_scope = scopes_of(self._planner, self._singletons, source)

    def bind(self, type_: Any, factory: Callable[..., Any] | None = None, *, lifetime: Lifetime = "transient") -> None:
        """Make ``type_`` with ``factory``, by default with its own constructor; this replaces an earlier binding.

        The code of a generator after the ``yield`` runs at the end of the request for which it was called, or in
        :meth:`aclose` for a singleton; an error that ends the request is raised at its ``yield``. Functions made by
        ``contextlib.contextmanager`` and ``asynccontextmanager`` can be used as well. Raises ``DependencyError`` if a
        parameter of the factory has no readable annotation, or if the factory cannot make anything.
        """
        _must_be_a_key(type_)
        made_by = unaliased(type_ if factory is None else factory)
        if isinstance(made_by, type) and is_interface(made_by):
            problem = f"{type_name(made_by)} is an interface: it makes nothing"
            remedy = f"Bind an implementation: container.bind({type_name(type_)}, YourImplementation)"
            raise DependencyError(type_, (type_,), problem, remedy)
        self._bind(type_, provider_of(made_by, lifetime, (type_,)))

    def bind_instance(self, type_: Any, instance: object) -> None:
        """Use ``instance`` wherever ``type_`` is needed. The resolver does not close it."""
        _must_be_a_key(type_)
        if isinstance(instance, type) and isinstance(type_, type) and issubclass(instance, type_):
            raise InvalidArgument("instance", instance, f"it is a class: give an instance, or bind({type_name(type_)})")
        self._bind(type_, Provider(lambda: instance, "transient", "plain", (), instance, "value"))

    def provides(self, type_: Any) -> bool:
        """Whether ``type_`` is bound here or provided by ``source``."""
        return self._planner.knows(type_)

    async def resolve(self, type_: Callable[..., T]) -> T:
        """Return an instance of ``type_`` outside of a request.

        Raises ``DependencyError`` if it, or something it needs, cannot be made, lives per request or must be closed
        later. For the latter two, open a scope: ``async with resolver.scope() as scope``.
        """
        plan = self._planner.plan(type_)
        path = plan.per_request or plan.unclosed
        if path:
            ends = "lives per request" if plan.per_request else "is closed with the request"
            problem = f"{type_name(path[-1])} {ends}, and no request scope is open here"
            remedy = f"Resolve it in one: async with resolver.scope() as scope: await scope.resolve({type_name(type_)})"
            raise DependencyError(path[-1], path, problem, remedy)
        scope = self.light_scope()
        scope.request_source = self._source
        made: T = await scope.get(plan, self._singletons)
        return made

    @property
    def scoped(self) -> bool:
        """Whether something lives per request or is closed with it, so that every request needs a scope."""
        return self._source is not None or any(
            p.lifetime == "request" or (p.lifetime == "transient" and p.kind in ("context", "async context"))
            for p in self._planner.bound.values()
        )

    def scope(self) -> RequestScope:
        """Return a request scope: instances with the lifetime *request* are made once in it and closed at its end."""
        return self.light_scope()

    def constructor(self, type_: type[T]) -> Callable[[], T] | None:
        """Return a function that makes ``type_``; ``None`` if making it needs an ``await`` or a request scope.

        Raises ``DependencyError`` if ``type_`` cannot be made.
        """
        return self._planner.plan(type_).short

    def shortcut(self, type_: type[T]) -> Callable[[], T] | None:
        """Like :meth:`constructor`, also if ``type_`` needs something that is made once, with an ``await``.

        The function raises ``NotAtOnce`` until that has been made.
        """
        plan = self._planner.plan(type_)
        return None if plan.quick is None else checked_first(plan.checks, plan.quick)

    def makes_anew(self, type_: Any) -> bool:
        """Whether every request for ``type_`` gets a new instance: it is a class, and transient."""
        plan = self._planner.plan(type_)
        provider = plan.provider
        return (
            provider is not None
            and (provider.lifetime, provider.how) == ("transient", "factory")
            and isinstance(called_in(provider.given), type)
        )

    def kept(self) -> PlanCache:
        """Return a new cache for what is computed from the bindings. It is emptied when something is bound."""
        return self._planner.plan_caches.add(PlanCache())

    def check(self, types: Iterable[type]) -> list[WiringProblem]:
        """Return what will stop the resolver from building ``types``: missing, circular or too short-lived needs."""
        found: list[DependencyError] = []
        failed: set[Any] = set()
        for type_ in types:
            self._planner.explore(type_, found, failed)
        return problems_of(found)

    def origins_of(self, types: Iterable[type]) -> Origins:
        """Yield what makes ``types`` and all they need, each with the path of types to it. Builds nothing."""
        seen: set[Any] = set()
        for type_ in types:
            yield from self._planner.origins(type_, seen)

    async def aclose(self) -> None:
        """Close the singletons, the last made first. If the resolver is used again, it makes new ones."""
        await self._singletons.aclose()

    def _bind(self, type_: Any, provider: Provider) -> None:
        type_ = unaliased(type_)
        self._planner.bound[type_] = provider
        self._planner.forget()
        for made in [key for key in self._singletons.made if key == type_ or get_origin(key) is type_]:
            del self._singletons.made[made]


def _must_be_a_key(type_: Any) -> None:
    alias = ("__origin__", "__supertype__", "__value__", "__args__")  # generics, NewType, type aliases, unions
    if not (isinstance(type_, type | str) or any(hasattr(type_, name) for name in alias)):
        raise InvalidArgument("type_", type_, "give the class or annotation that is asked for, then what makes it")
