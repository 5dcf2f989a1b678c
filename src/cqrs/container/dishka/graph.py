"""Reads what is registered in a dishka container, and in which scopes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dishka import DEFAULT_COMPONENT, AsyncContainer
from dishka.entities.factory_type import FactoryType
from dishka.entities.key import DependencyKey, hint_to_dependency_key

from cqrs._introspection.generics import type_name
from cqrs.container.origin import Origin, made_by, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dishka.registry import Registry

    from cqrs.container.origin import Origins
    from cqrs.container.resolving.plan import Path

_CALLED = (FactoryType.FACTORY, FactoryType.ASYNC_FACTORY)
_OPENED = (FactoryType.GENERATOR, FactoryType.ASYNC_GENERATOR)


def key_of(type_: Any) -> DependencyKey:
    """Return the key of ``type_`` in dishka; ``Annotated[X, FromComponent("...")]`` names a component."""
    return hint_to_dependency_key(type_).with_component(DEFAULT_COMPONENT)


def unwrapped(entered: Any) -> AsyncContainer:
    """Return the container that will be entered; before 1.8 dishka puts it into a wrapper."""
    container: AsyncContainer = getattr(entered, "container", entered)
    return container


class Graph:
    """The factories of the container that stays open and of the one that is entered for a request."""

    def __init__(self, lasting: AsyncContainer, entered: AsyncContainer) -> None:
        self._containers = [*_outwards(lasting)]
        self._context = [context for c in _outwards(lasting) if (context := getattr(c, "_context", None))]
        self._lasting = [c.registry for c in _outwards(lasting)]
        self._entered = [c.registry for c in _outwards(entered)]
        self._deeper = [c.registry for c in _inwards(entered)]

    def knows(self, type_: Any) -> bool:
        """Whether something is registered for ``type_``, in any scope."""
        key = key_of(type_)
        return any(_find(registries, key) is not None for registries in (self._entered, self._deeper))

    def keeper_of(self, key: DependencyKey) -> Any:
        """Return the container that keeps what it makes for ``key`` longer than a request, or ``None``."""
        for container in self._containers:
            factory = container.registry.get_factory(key)
            if factory is not None:
                keeps = factory.cache and factory.type in (*_CALLED, *_OPENED, FactoryType.ALIAS)
                return container if keeps else None
        return None

    def per_request(self, type_: Any) -> bool:
        """Whether ``type_`` is made in the scope that is entered for a request."""
        return _find(self._lasting, key_of(type_)) is None

    def first_gap(self, key: DependencyKey, seen: frozenset[DependencyKey] = frozenset()) -> tuple[str, str] | None:
        """Return why ``key`` cannot be made in a request, with a remedy; ``None`` if it can, or if that is unknown."""
        found, name = _find(self._entered, key), type_name(key.type_hint)
        if found is None:
            deeper = _find(self._deeper, key)
            if deeper is None:
                return None
            problem = f"{name} is registered for {deeper[0].scope}, and requests run in {self._entered[0].scope}"
            return problem, f"Register it for {self._entered[0].scope}, or pass DishkaContainer(container, scope=...)"
        registry, factory = found
        if factory.type is FactoryType.CONTEXT and key.type_hint is not AsyncContainer:
            if registry in self._lasting and self._in_context(key):
                return None
            problem = f"{name} comes from the context, which has none"
            return problem, f"Pass it: make_async_container(..., context={{{name}: ...}}), or register a factory for it"
        if getattr(factory, "when_dependencies", ()) or key in seen:
            return None  # which of them is used will be decided later
        return next((gap for need in _needs(factory) if (gap := self.first_gap(need, seen | {key})) is not None), None)

    def origins(self, key: DependencyKey, seen: set[DependencyKey] | None = None, path: Path = ()) -> Origins:
        """Yield what makes ``key`` and all it needs, as far as that is known before a request."""
        seen = set() if seen is None else seen
        found = _find(self._entered, key)
        if found is None or key in seen:
            return
        seen.add(key)
        here = (*path, key.type_hint)
        if found[1].type is not FactoryType.ALIAS:
            yield here, self._origin(key, found[1])
        for need in _needs(found[1]):
            yield from self.origins(need, seen, here)

    def _origin(self, key: DependencyKey, factory: Any) -> Origin:
        given, needs = factory.source, tuple(need.type_hint for need in _needs(factory))
        binding = f"provide({shown(given)}, scope={factory.scope})"
        if factory.type is FactoryType.VALUE:
            return Origin("value", given, binding, how_to_provide)
        if factory.type is FactoryType.CONTEXT:
            binding = f"make_async_container(..., context={{{type_name(key.type_hint)}: ...}})"
            for value in self._in_context(key):
                return Origin("value", value, binding, how_to_provide)
        if factory.type in _CALLED:
            return Origin(made_by(given), given, binding, how_to_provide, needs)
        if factory.type in _OPENED:
            return Origin("generator", given, binding, how_to_provide, needs)
        return Origin("unknown", None, binding, how_to_provide)

    def _in_context(self, key: DependencyKey) -> list[Any]:
        return [context[name] for context in self._context for name in (key, key.type_hint) if name in context]


def how_to_provide(name: str, value: str) -> str:
    """Return the code that registers ``value`` as the type ``name``."""
    return f"provider.provide(lambda: {value}, provides={name}, scope=Scope.APP)"


def _find(registries: list[Registry], key: DependencyKey) -> Any:
    return next(((r, factory) for r in registries if (factory := r.get_factory(key)) is not None), None)


def _needs(factory: Any) -> tuple[DependencyKey, ...]:
    return (*factory.dependencies, *factory.kw_dependencies.values())


def _outwards(container: AsyncContainer | None) -> Iterator[AsyncContainer]:
    while container is not None:
        yield container
        container = container.parent_container


def _inwards(container: AsyncContainer) -> Iterator[AsyncContainer]:
    while True:
        try:
            container = unwrapped(container())
        except ValueError:
            return  # it is the innermost one
        yield container
