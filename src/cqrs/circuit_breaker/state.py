"""The states of a circuit and every way from one to the next, as data and two pure functions.

              FAIL_MAX_REACHED              PROBE_FAILED
    CLOSED ─────────────────────► OPEN ◄──────────────────┐
      ▲                            │ TIMEOUT_ELAPSED      │
      │       PROBE_SUCCEEDED      ▼                      │
      └──────────────────────── HALF_OPEN ────────────────┘
                                 │     ▲
                                 └─────┘ PROBE_LOST

Closed lets every call through and counts failures in a row. Open lets none through. Half-open is one probe under way:
the permit that opened the half-open state is the only one given out in it. Each move starts a new epoch, and a permit
is worth nothing outside the epoch it was given in: what a call reports after the circuit has moved on changes nothing.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cqrs.circuit_breaker.policy import CircuitPolicy


class CircuitState(enum.Enum):
    """Whether calls go through: all of them, none, or the one that finds out."""

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


class Outcome(enum.Enum):
    """How a call ended. An abandoned call was cancelled: it says nothing about the service that was called."""

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
    """Leave to make one call; ``probe`` if the circuit waits for the outcome of this one."""

    epoch: int
    probe: bool


class Refusal(NamedTuple):
    """No call now; ``retry_after`` seconds until the next probe, ``None`` while one is under way."""

    retry_after: float | None


@dataclass(frozen=True, slots=True)
class Circuit:
    """One circuit at one moment. ``until`` is when the open time, or the lease of the probe, is over."""

    state: CircuitState = CircuitState.CLOSED
    failures: int = 0
    epoch: int = 0
    until: float = 0.0


def admit(circuit: Circuit, policy: CircuitPolicy, now: float) -> tuple[Circuit, Permit | Refusal]:
    """Decide about one call: the circuit afterwards, and the permit or the refusal."""
    if circuit.state is CircuitState.CLOSED:
        return circuit, Permit(circuit.epoch, probe=False)
    is_open = circuit.state is CircuitState.OPEN
    if now < circuit.until:
        return circuit, Refusal(circuit.until - now if is_open else None)
    signal = Signal.TIMEOUT_ELAPSED if is_open else Signal.PROBE_LOST
    probing = _move(circuit, signal, until=now + policy.probe_lease)
    return probing, Permit(probing.epoch, probe=True)


def settle(circuit: Circuit, policy: CircuitPolicy, permit: Permit, outcome: Outcome, now: float) -> Circuit:
    """Take note of how the call of ``permit`` ended: the circuit afterwards."""
    if permit.epoch != circuit.epoch:
        return circuit
    if circuit.state is CircuitState.HALF_OPEN:
        return _settle_probe(circuit, policy, outcome, now)
    if outcome is Outcome.FAILURE:
        if circuit.failures + 1 < policy.fail_max:
            return replace(circuit, failures=circuit.failures + 1)
        return _move(circuit, Signal.FAIL_MAX_REACHED, until=now + policy.timeout)
    if outcome is Outcome.SUCCESS and circuit.failures:
        return replace(circuit, failures=0)
    return circuit


def _settle_probe(circuit: Circuit, policy: CircuitPolicy, outcome: Outcome, now: float) -> Circuit:
    if outcome is Outcome.SUCCESS:
        return _move(circuit, Signal.PROBE_SUCCEEDED)
    if outcome is Outcome.FAILURE:
        return _move(circuit, Signal.PROBE_FAILED, until=now + policy.timeout)
    return replace(circuit, until=now)  # the lease ends here: the next call is the probe


def _move(circuit: Circuit, signal: Signal, until: float = 0.0) -> Circuit:
    return Circuit(TRANSITIONS[circuit.state, signal], failures=0, epoch=circuit.epoch + 1, until=until)
