"""The established path of these names, which are in :mod:`cqrs.circuit_breaker.storage`."""

from cqrs.circuit_breaker.storage import CircuitStorage, MemoryCircuitStorage, default_memory_storage_factory

__all__ = ["CircuitStorage", "MemoryCircuitStorage", "default_memory_storage_factory"]
