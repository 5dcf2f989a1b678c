from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, get_type_hints

import pytest

from cqrs.container.resolver import Resolver
from cqrs.testing.conformance.container import Binding, ContainerConformance, Features
from cqrs.testing.conformance.scoped_container import ScopedContainerConformance

if TYPE_CHECKING:
    from collections.abc import Sequence


class ResolverBackend:
    features = Features()

    def container(self, bindings: Sequence[Binding]) -> Resolver:
        resolver = Resolver()
        for binding in bindings:
            resolver.bind(binding.asked, binding.factory, lifetime=binding.lifetime)
        return resolver


class Registry:
    """The smallest container that a user might write: a function for each type."""

    def __init__(self, bindings: Sequence[Binding]) -> None:
        self._bindings = {b.asked: b for b in bindings}
        self._singletons: dict[type, Any] = {}

    def resolve(self, type_: type) -> Any:
        if type_ in self._singletons:
            return self._singletons[type_]
        binding = self._bindings[type_]
        factory: Any = binding.factory
        target = factory.__init__ if isinstance(factory, type) else factory
        hints = get_type_hints(target) if inspect.isfunction(target) else {}
        hints.pop("return", None)
        made = factory(**{name: self.resolve(hint) for name, hint in hints.items() if hint in self._bindings})
        if binding.lifetime == "singleton":
            self._singletons[type_] = made
        return made


class AsyncRegistry:
    def __init__(self, bindings: Sequence[Binding]) -> None:
        self._registry = Registry(bindings)

    async def resolve(self, type_: type) -> Any:
        return self._registry.resolve(type_)


class RegistryBackend:
    features = Features(autowires=False, checks=False)

    def __init__(self, kind: Any) -> None:
        self._kind = kind

    def container(self, bindings: Sequence[Binding]) -> Any:
        return self._kind(bindings)


class TestResolver(ScopedContainerConformance):
    @pytest.fixture
    def backend(self) -> ResolverBackend:
        return ResolverBackend()


class TestAnythingWithResolve(ContainerConformance):
    @pytest.fixture
    def backend(self) -> RegistryBackend:
        return RegistryBackend(Registry)


class TestAnythingWithAsynchronousResolve(ContainerConformance):
    @pytest.fixture
    def backend(self) -> RegistryBackend:
        return RegistryBackend(AsyncRegistry)
