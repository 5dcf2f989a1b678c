"""Where the state of a circuit lives: the port, and the storage in memory."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from typing_extensions import override

from cqrs.circuit_breaker.state import Circuit, CircuitState, Outcome, Permit, Refusal, admit, settle

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqrs.circuit_breaker.policy import CircuitPolicy


class CircuitStorage(Protocol):
    """The state of one circuit. Each method is one atomic step, for everyone who shares the circuit.

    An error of either method is an outage of the storage: the call that is guarded goes through, unguarded. Times are
    told by the storage, never by the caller, so that clocks of different machines are never compared.
    """

    async def admit(self, policy: CircuitPolicy) -> Permit | Refusal:
        """Decide about one call. While a probe is under way and its lease lasts, nobody else gets a permit."""
        ...

    async def settle(self, policy: CircuitPolicy, permit: Permit, outcome: Outcome) -> CircuitState | None:
        """Take note of how the call of ``permit`` ended; the new state if this moved the circuit, else ``None``.

        A permit of an earlier epoch changes nothing.
        """
        ...


class MemoryCircuitStorage(CircuitStorage):
    """One circuit in this process; its steps never suspend, so tasks cannot come between them."""

    def __init__(self, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.name = name
        self._clock = clock
        self._circuit = Circuit()

    @override
    async def admit(self, policy: CircuitPolicy) -> Permit | Refusal:
        self._circuit, admission = admit(self._circuit, policy, self._clock())
        return admission

    @override
    async def settle(self, policy: CircuitPolicy, permit: Permit, outcome: Outcome) -> CircuitState | None:
        before = self._circuit
        self._circuit = settle(before, policy, permit, outcome, self._clock())
        return self._circuit.state if self._circuit.state is not before.state else None


def default_memory_storage_factory(name: str) -> MemoryCircuitStorage:
    """Build the storage that a breaker uses when it is given no other: one circuit, this process only."""
    return MemoryCircuitStorage(name)
