from __future__ import annotations

from typing import TYPE_CHECKING

import di
import pytest
from di.dependent import Dependent

from cqrs.container.di.container import DIContainer
from cqrs.testing.conformance.container import Binding, Features
from cqrs.testing.conformance.scoped_container import ScopedContainerConformance

if TYPE_CHECKING:
    from collections.abc import Sequence


def bound(bindings: Sequence[Binding]) -> di.Container:
    container = di.Container()
    for binding in bindings:
        provider = Dependent(
            binding.factory,
            scope="app" if binding.lifetime == "singleton" else "request",
            use_cache=binding.lifetime != "transient",
        )
        container.bind(di.bind_by_type(provider, binding.asked))
    return container


class RawBackend:
    features = Features()

    def container(self, bindings: Sequence[Binding]) -> di.Container:
        return bound(bindings)


class AdapterBackend:
    features = Features()

    def container(self, bindings: Sequence[Binding]) -> DIContainer:
        return DIContainer(bound(bindings))


class TestRawContainer(ScopedContainerConformance):
    @pytest.fixture
    def backend(self) -> RawBackend:
        return RawBackend()


class TestDIContainer(ScopedContainerConformance):
    @pytest.fixture
    def backend(self) -> AdapterBackend:
        return AdapterBackend()
