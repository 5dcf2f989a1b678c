"""The states of a circuit and the transitions between them, as data and two pure functions.

              FAIL_MAX_REACHED              PROBE_FAILED
    CLOSED ─────────────────────► OPEN ◄──────────────────┐
      ▲                            │ TIMEOUT_ELAPSED      │
      │       PROBE_SUCCEEDED      ▼                      │
      └──────────────────────── HALF_OPEN ────────────────┘
                                 │     ▲
                                 └─────┘ PROBE_LOST

A closed circuit allows every call and counts consecutive failures. An open circuit allows none. A half-open circuit
waits for its probe: only the permit that moved it to half-open exists in that state. Each move starts a new epoch, and
a permit is only valid in its epoch: the result of a call from an earlier epoch is ignored.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cqrs.circuit_breaker.policy import CircuitPolicy


class CircuitState(enum.Enum):
    """Which calls a circuit allows: all, none, or one probe."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Signal(enum.Enum):
    """What moves a circuit from one state to another."""

    FAIL_MAX_REACHED = "fail_max_reached"
    TIMEOUT_ELAPSED = "timeout_elapsed"
    PROBE_SUCCEEDED = "probe_succeeded"
    PROBE_FAILED = "probe_failed"
    PROBE_LOST = "probe_lost"


class CallResult(enum.Enum):
    """How a call ended. ``ABANDONED`` means cancelled, which says nothing about the service."""

    SUCCESS = "success"
    FAILURE = "failure"
    ABANDONED = "abandoned"


TRANSITIONS = MappingProxyType(
    {
        (CircuitState.CLOSED, Signal.FAIL_MAX_REACHED): CircuitState.OPEN,
        (CircuitState.OPEN, Signal.TIMEOUT_ELAPSED): CircuitState.HALF_OPEN,
        (CircuitState.HALF_OPEN, Signal.PROBE_SUCCEEDED): CircuitState.CLOSED,
        (CircuitState.HALF_OPEN, Signal.PROBE_FAILED): CircuitState.OPEN,
        (CircuitState.HALF_OPEN, Signal.PROBE_LOST): CircuitState.HALF_OPEN,
    }
)


class Permit(NamedTuple):
    """Permission for one call; ``probe`` if the circuit waits for the result of this call."""

    epoch: int
    probe: bool


class Refusal(NamedTuple):
    """No permission; ``retry_after`` is the seconds until the next probe, ``None`` while a probe runs."""

    retry_after: float | None


@dataclass(frozen=True, slots=True)
class Circuit:
    """The state of one circuit. ``until`` is when it stops being open, or when the lease of its probe ends."""

    state: CircuitState = CircuitState.CLOSED
    failures: int = 0
    epoch: int = 0
    until: float = 0.0


def admit(circuit: Circuit, policy: CircuitPolicy, now: float) -> tuple[Circuit, Permit | Refusal]:
    """Decide about one call; returns the new circuit, and the permit or the refusal."""
    if circuit.state is CircuitState.CLOSED:
        return circuit, Permit(circuit.epoch, probe=False)
    is_open = circuit.state is CircuitState.OPEN
    if now < circuit.until:
        return circuit, Refusal(circuit.until - now if is_open else None)
    signal = Signal.TIMEOUT_ELAPSED if is_open else Signal.PROBE_LOST
    probing = _move(circuit, signal, until=now + policy.probe_lease)
    return probing, Permit(probing.epoch, probe=True)


def settle(circuit: Circuit, policy: CircuitPolicy, permit: Permit, result: CallResult, now: float) -> Circuit:
    """Count the result of the call of ``permit``; returns the new circuit."""
    if permit.epoch != circuit.epoch:
        return circuit
    if circuit.state is CircuitState.HALF_OPEN:
        return _settle_probe(circuit, policy, result, now)
    if result is CallResult.FAILURE:
        if circuit.failures + 1 < policy.fail_max:
            return replace(circuit, failures=circuit.failures + 1)
        return _move(circuit, Signal.FAIL_MAX_REACHED, until=now + policy.timeout)
    if result is CallResult.SUCCESS and circuit.failures:
        return replace(circuit, failures=0)
    return circuit


def _settle_probe(circuit: Circuit, policy: CircuitPolicy, result: CallResult, now: float) -> Circuit:
    if result is CallResult.SUCCESS:
        return _move(circuit, Signal.PROBE_SUCCEEDED)
    if result is CallResult.FAILURE:
        return _move(circuit, Signal.PROBE_FAILED, until=now + policy.timeout)
    return replace(circuit, until=now)  # the lease ends here: the next call is the probe


def _move(circuit: Circuit, signal: Signal, until: float = 0.0) -> Circuit:
    return Circuit(TRANSITIONS[circuit.state, signal], failures=0, epoch=circuit.epoch + 1, until=until)
