"""What a dishka container knows, and for how long it keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dishka import DEFAULT_COMPONENT, AsyncContainer
from dishka.entities.factory_type import FactoryType
from dishka.entities.key import DependencyKey, hint_to_dependency_key

from cqrs._generics import type_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dishka.registry import Registry


def key_of(type_: Any) -> DependencyKey:
    """What dishka is asked for; the component is named by ``Annotated[X, FromComponent("...")]``."""
    return hint_to_dependency_key(type_).with_component(DEFAULT_COMPONENT)


def unwrapped(entered: Any) -> AsyncContainer:
    """The container that will be entered; before 1.8 dishka puts it into a wrapper."""
    container: AsyncContainer = getattr(entered, "container", entered)
    return container


class Graph:
    """The factories of a container that stays open and of the one that is entered for a request."""

    def __init__(self, lasting: AsyncContainer, entered: AsyncContainer) -> None:
        self._context = [context for c in _outwards(lasting) if (context := getattr(c, "_context", None))]
        self._lasting = [c.registry for c in _outwards(lasting)]
        self._entered = [c.registry for c in _outwards(entered)]
        self._deeper = [c.registry for c in _inwards(entered)]

    def knows(self, type_: Any) -> bool:
        """Whether anything is registered for ``type_``, in whatever scope."""
        key = key_of(type_)
        return any(_find(registries, key) is not None for registries in (self._entered, self._deeper))

    def per_request(self, type_: Any) -> bool:
        """Whether ``type_`` is made in the scope that is entered for a request."""
        return _find(self._lasting, key_of(type_)) is None

    def first_gap(self, key: DependencyKey, seen: frozenset[DependencyKey] = frozenset()) -> tuple[str, str] | None:
        """Why ``key`` cannot be made in a request, and what to change; nothing if it can, or if that is not known."""
        found, name = _find(self._entered, key), type_name(key.type_hint)
        if found is None:
            deeper = _find(self._deeper, key)
            if deeper is None:
                return None
            problem = f"{name} is registered for {deeper[0].scope}, and requests run in {self._entered[0].scope}"
            return problem, f"Register it for {self._entered[0].scope}, or pass DishkaContainer(container, scope=...)"
        registry, factory = found
        if factory.type is FactoryType.CONTEXT and key.type_hint is not AsyncContainer:
            if registry in self._lasting and any(
                key in context or key.type_hint in context for context in self._context
            ):
                return None
            problem = f"{name} comes from the context, which has none"
            return problem, f"Pass it: make_async_container(..., context={{{name}: ...}}), or register a factory for it"
        if getattr(factory, "when_dependencies", ()) or key in seen:
            return None  # which of them will be taken is decided later
        needs = (*factory.dependencies, *factory.kw_dependencies.values())
        return next((gap for need in needs if (gap := self.first_gap(need, seen | {key})) is not None), None)


def _find(registries: list[Registry], key: DependencyKey) -> Any:
    return next(((r, factory) for r in registries if (factory := r.get_factory(key)) is not None), None)


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
