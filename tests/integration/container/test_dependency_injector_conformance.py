from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, get_type_hints

import pytest
from dependency_injector import containers, providers

from cqrs.container.dependency_injector.container import DependencyInjectorCQRSContainer
from cqrs.testing.conformance.container import Binding, ContainerConformance, Features
from cqrs.testing.conformance.scoped_container import ScopedContainerConformance

if TYPE_CHECKING:
    from collections.abc import Sequence


def declared(bindings: Sequence[Binding]) -> containers.DynamicContainer:
    """A container that wires each provider to the others by hand, as users of this library do."""
    container = containers.DynamicContainer()
    pending = [*bindings]
    by_type: dict[type, Any] = {}
    while pending:
        binding = pending.pop(0)
        needs = needs_of(binding.factory)
        if any(b.asked in needs.values() for b in pending):
            pending.append(binding)
            continue
        kind: Any = providers.Singleton if binding.lifetime == "singleton" else providers.Factory
        provider = kind(binding.factory, **{n: by_type[t] for n, t in needs.items() if t in by_type})
        by_type[binding.asked] = provider
        container.set_provider(binding.asked.__name__.lower(), provider)
    return container


def needs_of(factory: Any) -> dict[str, Any]:
    target = factory.__init__ if isinstance(factory, type) else factory
    hints = get_type_hints(target) if inspect.isfunction(target) else {}
    hints.pop("return", None)
    return hints


class RawBackend:
    features = Features()

    def container(self, bindings: Sequence[Binding]) -> containers.DynamicContainer:
        return declared(bindings)


class AdapterBackend:
    """What lives per request is bound in the adapter, and so is what needs it."""

    features = Features()

    def container(self, bindings: Sequence[Binding]) -> DependencyInjectorCQRSContainer:
        per_request = [b for b in bindings if b.lifetime == "request" or inspect.isasyncgenfunction(b.factory)]
        container = DependencyInjectorCQRSContainer(declared([b for b in bindings if b not in per_request]))
        for binding in per_request:
            container.bind(binding.asked, binding.factory, lifetime=binding.lifetime)
        return container


class TestRawContainer(ContainerConformance):
    @pytest.fixture
    def backend(self) -> RawBackend:
        return RawBackend()


class TestDependencyInjectorCQRSContainer(ScopedContainerConformance):
    @pytest.fixture
    def backend(self) -> AdapterBackend:
        return AdapterBackend()
