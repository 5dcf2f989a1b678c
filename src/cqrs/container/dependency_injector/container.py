"""The adapter for containers of the library dependency-injector."""

from __future__ import annotations

import asyncio
import dataclasses
import inspect
import types
from typing import TYPE_CHECKING, Any, get_origin

from cqrs._introspection.generics import type_name
from cqrs._introspection.hints import read_hints, type_variables_in
from cqrs.container.dependency_injector.changes import watch
from cqrs.container.dependency_injector.gaps import first_gap
from cqrs.container.dependency_injector.origins import how_to_provide, origins
from cqrs.container.dependency_injector.types import (
    all_containers,
    all_providers,
    fit,
    given_by,
    in_effect,
    may_await,
    providers,
)
from cqrs.container.resolver import Resolver
from cqrs.container.resolving.autowiring import is_value
from cqrs.container.resolving.provider import provider_of
from cqrs.container.resolving.shortcut import NotAtOnce, may_fail_late
from cqrs.errors.root import InvalidArgument
from cqrs.errors.wiring import DependencyError, WiringError, WiringProblem

if TYPE_CHECKING:
    from collections.abc import Callable

    from dependency_injector.containers import Container

    from cqrs.container.origin import Origins
    from cqrs.container.resolving.provider import Lifetime
    from cqrs.container.resolving.shortcut import Make


_Named = tuple[str, Any]  # a provider with its dotted name in the container


class DependencyInjectorCQRSContainer(Resolver):
    """Injects what a dependency-injector container provides, found by type, into the handlers.

    A provider is found by the class it makes, by the annotated result of its function, or by what overrides it, also in
    nested containers; for a port or an abstract base, by a class derived from it. If several fit, the one that uses
    the others is taken, for example a decorator; otherwise asking for that type is a wiring mistake. Types without a
    provider, usually the handlers, are built from their annotations.

    The lifetimes are those of the providers. Bind here, as in every resolver, what lives per request, or a type whose
    provider cannot be found by itself.
    """

    def __init__(self, container: Container | None = None) -> None:
        self._providers = _Providers()
        super().__init__(source=self._providers)
        self._providers.on_change = self._planner.forget
        if container is not None:
            self.attach_external_container(container)

    @property
    def external_container(self) -> Container:
        """Return the dependency-injector container. Raises ``WiringError`` if none is attached."""
        return self._providers.container

    def attach_external_container(self, container: Container) -> None:
        """Use the providers of ``container`` from now on, also those that are set in it later."""
        if not hasattr(container, "providers"):
            raise InvalidArgument("container", container, "give a container of dependency-injector")
        self._providers.attach(container)

    def bind(self, type_: Any, factory: Callable[..., Any] | None = None, *, lifetime: Lifetime = "transient") -> None:
        """Bind as in every resolver; ``factory`` can also be a provider of the container."""
        if isinstance(factory, providers.Provider):

            async def call() -> Any:
                return await _call(factory)

            provider = provider_of(call, lifetime, (type_,))
            self._bind(type_, dataclasses.replace(provider, given=factory, how="source"))
        else:
            super().bind(type_, factory, lifetime=lifetime)


_AWAITED = (asyncio.Future, types.CoroutineType)


async def _call(provider: Any) -> Any:
    return await _result_of(provider())


async def _result_of(made: Any) -> Any:
    if asyncio.isfuture(made):
        return await asyncio.shield(made)  # other tasks may wait for the same future
    return await made if inspect.iscoroutine(made) else made


class _Providers:
    """The source of the resolver."""

    def __init__(self) -> None:
        self._container: Container | None = None
        self._all: list[_Named] = []
        self._fitting: dict[Any, list[_Named]] = {}
        self._asked: dict[str, Any] = {}  # by name of provider: the type, with arguments, that it was asked for
        self.on_change: Callable[[], None] = lambda: None
        self._started: dict[Any, Any] = {}  # by provider: an unexpected awaitable, which `get` has yet to await

    @property
    def container(self) -> Container:
        if self._container is None:
            subject, problem = DependencyInjectorCQRSContainer.__name__, "no container is attached to it"
            remedy = f"Pass one, {subject}(container), or call attach_external_container(container)"
            raise WiringError([WiringProblem(subject, problem, remedy)])
        return self._container

    def attach(self, container: Container) -> None:
        self._container = container
        self._started.clear()
        self.providers_changed()

    def providers_changed(self) -> None:
        self._all = list(all_providers(self.container))
        self._fitting.clear()
        self._asked.clear()
        watch(all_containers(self.container), self)
        self.on_change()

    def provides(self, type_: Any) -> bool:
        return bool(self._find(type_))

    def lifetime(self, type_: Any) -> Lifetime:
        fitting = self._find(type_)
        if len(fitting) > 1:
            asked, names = type_name(type_), ", ".join(name for name, _ in fitting)
            remedy = f"Say which one: DependencyInjectorCQRSContainer(app).bind({asked}, app.{fitting[0][0]})"
            raise DependencyError(type_, (), f"several providers give {asked}: {names}", remedy)
        self._must_fit_one(type_, *fitting[0])
        gap = first_gap(fitting[0][1])
        if gap is not None:
            raise DependencyError(type_, (), f"the provider {fitting[0][0]} cannot make it: {gap[0]}", gap[1])
        return "transient"

    def _must_fit_one(self, type_: Any, name: str, provider: Any) -> None:
        cls = given_by(in_effect(provider))
        if get_origin(type_) is not cls or not any(map(type_variables_in, read_hints(cls).values())):
            return
        other = self._asked.setdefault(name, type_)
        if other != type_:
            problem = f"the provider {name} makes the same for {type_name(other)}, and what it takes is for one"
            remedy = (
                f"Say which one to take: DependencyInjectorCQRSContainer(app).bind({type_name(type_)}, app.another)"
            )
            raise DependencyError(type_, (), problem, remedy)

    async def get(self, type_: Any) -> Any:
        provider = self._find(type_)[0][1]
        started = self._started.get(provider)
        if started is None:
            return await _call(provider)
        self._started[provider] = None
        return await _result_of(started)

    def quick(self, type_: Any) -> tuple[Make | None, tuple[Make, ...]]:
        provider = self._find(type_)[0][1]
        if provider in self._started or any(may_await(part) for part in (provider, *provider.traverse())):
            return None, ()
        plain: set[type] = set()

        def make() -> Any:
            made = provider()  # it may have been overridden by one whose result has to be awaited
            if type(made) in plain:
                return made
            if not isinstance(made, _AWAITED):
                kind: Any = type(made)  # pyright: ignore[reportUnknownVariableType]  # can be any class
                plain.add(kind)
                return made
            self._started[provider] = made
            self.on_change()
            raise NotAtOnce

        return make, (may_fail_late,)

    def scope(self) -> None:
        return None

    def remedy(self, type_: Any) -> str:
        name = type_name(type_)
        if isinstance(type_, type) and not is_value(type_):
            return f"Add a provider for it: providers.Factory(YourImplementation), where that derives from {name}"
        return f"Bind a value or a factory for it: DependencyInjectorCQRSContainer(...).bind_instance({name}, value)"

    def origins(self, type_: Any) -> Origins:
        names = {in_effect(provider): name for name, provider in reversed(self._all)}
        if isinstance(type_, providers.Provider):  # one that was bound to a type by hand
            return origins(type_, names, None)
        fitting = self._find(type_)
        return origins(fitting[0][1], names, type_) if len(fitting) == 1 else iter(())

    def how_to_bind(self, name: str, value: str) -> str:
        return how_to_provide(name, value)

    def _find(self, type_: Any) -> list[_Named]:
        _ = self.container
        if type_ not in self._fitting:
            self._fitting[type_] = self._search(type_)
        return self._fitting[type_]

    def _search(self, type_: Any) -> list[_Named]:
        fits = [(fit(provider, type_), name, provider) for name, provider in self._all]
        best = min((f for f, _, _ in fits if f is not None), default=None)
        distinct = {in_effect(p): (name, p) for f, name, p in reversed(fits) if f is not None and f == best}
        defined = {
            p: found for p, found in distinct.items() if not isinstance(p, providers.Dependency) or p.is_defined
        } or distinct
        inner: set[Any] = {part for p in defined for part in p.traverse() if part is not p}
        outer = [found for p, found in reversed(defined.items()) if p not in inner]
        return outer or list(defined.values())
