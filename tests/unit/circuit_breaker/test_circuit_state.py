from __future__ import annotations

from cqrs.circuit_breaker.policy import SHORTEST_DEFAULT_LEASE, CircuitPolicy
from cqrs.circuit_breaker.state import (
    TRANSITIONS,
    CallResult,
    Circuit,
    CircuitState,
    Permit,
    Refusal,
    Signal,
    admit,
    settle,
)

POLICY = CircuitPolicy(fail_max=2, timeout=10.0, probe_lease=5.0)


def test_every_signal_moves_some_state_and_every_state_can_be_left() -> None:
    assert {signal for _, signal in TRANSITIONS} == set(Signal)
    assert {state for state, _ in TRANSITIONS} == set(CircuitState)
    assert set(TRANSITIONS.values()) == set(CircuitState)


def test_a_move_starts_a_new_epoch() -> None:
    opened = settle(Circuit(failures=1, epoch=7), POLICY, Permit(7, probe=False), CallResult.FAILURE, now=100.0)
    assert opened == Circuit(CircuitState.OPEN, failures=0, epoch=8, until=110.0)


def test_open_time_is_over_at_its_very_end() -> None:
    opened = Circuit(CircuitState.OPEN, epoch=1, until=110.0)
    assert admit(opened, POLICY, now=109.0) == (opened, Refusal(1.0))
    assert admit(opened, POLICY, now=110.0) == (
        Circuit(CircuitState.HALF_OPEN, epoch=2, until=115.0),
        Permit(2, probe=True),
    )


def test_an_abandoned_probe_ends_its_lease() -> None:
    probing = Circuit(CircuitState.HALF_OPEN, epoch=2, until=115.0)
    left = settle(probing, POLICY, Permit(2, probe=True), CallResult.ABANDONED, now=111.0)
    assert admit(left, POLICY, now=111.0) == (
        Circuit(CircuitState.HALF_OPEN, epoch=3, until=116.0),
        Permit(3, probe=True),
    )


def test_a_lease_outlasts_slow_calls_by_default() -> None:
    assert CircuitPolicy.of(1, 0.5).probe_lease == SHORTEST_DEFAULT_LEASE
    assert CircuitPolicy.of(1, 90).probe_lease == 90
    assert CircuitPolicy.of(1, 90, 5).probe_lease == 5
