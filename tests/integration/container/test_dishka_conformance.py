from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from dishka import AsyncContainer, Provider, Scope, make_async_container

from cqrs.container.dishka.container import DishkaContainer
from cqrs.testing.conformance.container import Binding, Features
from cqrs.testing.conformance.scoped_container import ScopedContainerConformance

if TYPE_CHECKING:
    from collections.abc import Sequence


def registered(bindings: Sequence[Binding]) -> AsyncContainer:
    provider = Provider()
    for binding in bindings:
        provider.provide(
            binding.factory,
            provides=binding.asked,
            scope=Scope.APP if binding.lifetime == "singleton" else Scope.REQUEST,
            cache=binding.lifetime != "transient",
        )
    return make_async_container(provider)


class RawBackend:
    features = Features()

    def container(self, bindings: Sequence[Binding]) -> AsyncContainer:
        return registered(bindings)


class AdapterBackend:
    features = Features()

    def container(self, bindings: Sequence[Binding]) -> DishkaContainer:
        return DishkaContainer(registered(bindings))


class TestRawContainer(ScopedContainerConformance):
    @pytest.fixture
    def backend(self) -> RawBackend:
        return RawBackend()


class TestDishkaContainer(ScopedContainerConformance):
    @pytest.fixture
    def backend(self) -> AdapterBackend:
        return AdapterBackend()
