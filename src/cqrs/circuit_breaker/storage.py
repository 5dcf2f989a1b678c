"""The port that stores the state of circuits, and the storage in memory."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from typing_extensions import override

from cqrs.circuit_breaker.state import CallResult, Circuit, CircuitState, Permit, Refusal, admit, settle

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqrs.circuit_breaker.policy import CircuitPolicy


class CircuitStorage(Protocol):
    """Stores the state of one circuit. Each method is atomic, for all processes that share the circuit.

    An error of either method means an outage of the storage: the call is then made without the breaker. The storage
    uses its own clock, never that of the caller, so that clocks of different machines are never compared.
    """

    async def admit(self, policy: CircuitPolicy) -> Permit | Refusal:
        """Decide about one call. While a probe runs and its lease lasts, no other call gets a permit."""
        ...

    async def settle(self, policy: CircuitPolicy, permit: Permit, result: CallResult) -> CircuitState | None:
        """Count the result of the call of ``permit``; returns the new state if it has changed, otherwise ``None``.

        The result of a permit of an earlier epoch is ignored.
        """
        ...


class MemoryCircuitStorage(CircuitStorage):
    """One circuit in this process. Its methods never suspend, so they are atomic for tasks."""

    def __init__(self, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.name = name
        self._clock = clock
        self._circuit = Circuit()

    @override
    async def admit(self, policy: CircuitPolicy) -> Permit | Refusal:
        self._circuit, admission = admit(self._circuit, policy, self._clock())
        return admission

    @override
    async def settle(self, policy: CircuitPolicy, permit: Permit, result: CallResult) -> CircuitState | None:
        before = self._circuit
        self._circuit = settle(before, policy, permit, result, self._clock())
        return self._circuit.state if self._circuit.state is not before.state else None


def default_memory_storage_factory(name: str) -> MemoryCircuitStorage:
    """Build the default storage of a breaker: one circuit, in this process."""
    return MemoryCircuitStorage(name)
