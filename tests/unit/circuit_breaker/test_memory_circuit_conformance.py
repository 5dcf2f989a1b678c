from __future__ import annotations

from typing import Any

import pytest

from cqrs.circuit_breaker.breaker import AioBreakerAdapter
from cqrs.circuit_breaker.storage import MemoryCircuitStorage
from cqrs.testing.clock import ManualClock
from cqrs.testing.conformance.circuit_breaker import CircuitBreakerConformance, Features


class MemoryBackend:
    features = Features(shared=False, one_probe=False, fenced=True)

    def __init__(self) -> None:
        self._clock = ManualClock()

    def breaker(self, **settings: Any) -> AioBreakerAdapter:
        return AioBreakerAdapter(clock=self._clock, **settings)

    async def advance(self, seconds: float) -> None:
        self._clock.advance(seconds)


class MemoryBackendSharedByAFactory(MemoryBackend):
    """One storage for several breakers of a process: then they share the circuit, as the port promises."""

    features = Features()

    def __init__(self) -> None:
        super().__init__()
        self._storages: dict[str, MemoryCircuitStorage] = {}

    def storage(self, name: str) -> MemoryCircuitStorage:
        return self._storages.setdefault(name, MemoryCircuitStorage(name, self._clock))

    def breaker(self, **settings: Any) -> AioBreakerAdapter:
        return AioBreakerAdapter(clock=self._clock, storage_factory=self.storage, **settings)


class TestMemoryCircuits(CircuitBreakerConformance):
    @pytest.fixture
    def backend(self) -> MemoryBackend:
        return MemoryBackend()


class TestMemoryCircuitsSharedByAFactory(CircuitBreakerConformance):
    @pytest.fixture
    def backend(self) -> MemoryBackendSharedByAFactory:
        return MemoryBackendSharedByAFactory()
