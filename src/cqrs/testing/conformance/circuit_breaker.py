"""Test suite for circuit breakers.

Subclass the suite and override its fixture:

    class TestMine(CircuitBreakerConformance):
        @pytest.fixture
        def backend(self):
            return MyBackend()

``MyBackend`` implements :class:`CircuitBackend`.
"""
# ruff: noqa: S101, D102 - assert is how a suite checks, and the name of a test states the behaviour

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import pytest

from cqrs.errors.requests import CircuitOpenError
from cqrs.testing.conformance._circuit_stand import TIMEOUT, Refused, Service, Stand, cancel, time_out

if TYPE_CHECKING:
    from cqrs.circuit_breaker.protocol import ICircuitBreaker


@dataclass(frozen=True, slots=True)
class Features:
    """What the back end guarantees for two breakers over one store, as they would run in two processes.

    ``shared``: both use the same circuit. ``one_probe``: only one of them sends a probe at a time. ``fenced``: the
    late result of a call through one of them does not change a circuit whose state has changed since the call began.
    """

    shared: bool = True
    one_probe: bool = True
    fenced: bool = True


class CircuitBackend(Protocol):
    """Builds breakers over one store, and advances the clock for all of them."""

    features: Features

    def breaker(self, *, fail_max: int, timeout_duration: float, exclude: list[type[Exception]]) -> ICircuitBreaker:
        """Build a breaker, as another process would: it shares only the store with the earlier ones."""
        ...

    async def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass for every circuit in the store, without waiting for them."""
        ...


@pytest.mark.asyncio
class CircuitBreakerConformance:
    """Tests for a circuit breaker; to run them, subclass this and override the fixture ``backend``.

    A back end that passes guarantees: a circuit opens after ``fail_max`` failures in a row and then refuses calls;
    after the timeout, one call is let through as a probe, which closes the circuit or opens it again; an excluded
    error counts as a success. Whether several processes share a circuit is declared in :class:`Features`, and
    tested accordingly.
    """

    @pytest.fixture
    def backend(self) -> CircuitBackend:
        raise NotImplementedError("Override the fixture `backend` with one that returns your back end.")

    # One breaker

    async def test_result_and_arguments_pass_through(self, backend: CircuitBackend) -> None:
        stand = Stand(backend, fail_max=1)

        async def join(*args: str, **kwargs: str) -> str:
            return "".join(args) + "".join(f"{key}{value}" for key, value in kwargs.items())

        assert await stand.breaker.call(stand.name, join, "a", "b", c="d") == "abcd"

    async def test_error_of_the_call_reaches_the_caller_even_if_it_opens_the_circuit(
        self, backend: CircuitBackend
    ) -> None:
        stand = Stand(backend, fail_max=1)
        await stand.fail()
        assert await stand.refused()

    async def test_refusal_is_distinguished_from_a_failure(self, backend: CircuitBackend) -> None:
        stand = Stand(backend, fail_max=1)
        await stand.fail()
        with pytest.raises(CircuitOpenError) as refusal:
            await stand.breaker.call(stand.name, stand.service.works)
        assert refusal.value.identifier == stand.name
        assert stand.breaker.is_circuit_breaker_error(refusal.value)
        assert not stand.breaker.is_circuit_breaker_error(ConnectionError())

    async def test_circuit_stays_closed_below_the_limit_and_opens_at_it(self, backend: CircuitBackend) -> None:
        stand = Stand(backend, fail_max=3)
        await stand.fail(times=2)
        await stand.fail()
        assert await stand.refused()

    async def test_success_resets_the_count_of_failures(self, backend: CircuitBackend) -> None:
        stand = Stand(backend, fail_max=3)
        await stand.fail(times=2)
        assert not await stand.refused()
        await stand.fail(times=2)
        assert not await stand.refused()

    async def test_excluded_error_resets_the_count_of_failures(self, backend: CircuitBackend) -> None:
        stand = Stand(backend, fail_max=2)
        await stand.fail()
        with pytest.raises(Refused):
            await stand.breaker.call(stand.name, stand.service.refuses)
        await stand.fail()
        assert not await stand.refused()

    async def test_circuit_stays_open_until_the_timeout_has_passed(self, backend: CircuitBackend) -> None:
        stand = Stand(backend, fail_max=1)
        await stand.fail()
        await backend.advance(TIMEOUT / 2)
        assert await stand.refused()

    async def test_probe_that_succeeds_closes_the_circuit(self, backend: CircuitBackend) -> None:
        stand = Stand(backend, fail_max=2)
        await stand.fail(times=2)
        await time_out(backend)
        assert not await stand.refused()
        await stand.fail()
        assert not await stand.refused()

    async def test_probe_that_fails_opens_the_circuit_again(self, backend: CircuitBackend) -> None:
        stand = Stand(backend, fail_max=3)
        await stand.fail(times=3)
        await time_out(backend)
        await stand.fail()
        await backend.advance(TIMEOUT / 2)
        assert await stand.refused()
        await time_out(backend)
        assert not await stand.refused()

    async def test_probe_with_an_excluded_error_closes_the_circuit(self, backend: CircuitBackend) -> None:
        stand = Stand(backend, fail_max=1)
        await stand.fail()
        await time_out(backend)
        with pytest.raises(Refused):
            await stand.breaker.call(stand.name, stand.service.refuses)
        assert not await stand.refused()

    async def test_only_one_of_many_tasks_probes(self, backend: CircuitBackend) -> None:
        stand, probed = Stand(backend, fail_max=1), Service()
        await stand.fail()
        await time_out(backend)
        calls = await asyncio.gather(*(stand.start(probed) for _ in range(20)))
        assert probed.calls == 1
        probed.succeed()
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert sum(isinstance(result, CircuitOpenError) for result in results) == len(results) - 1
        assert not await stand.refused()

    async def test_cancelled_probe_makes_room_for_the_next_probe(self, backend: CircuitBackend) -> None:
        stand = Stand(backend, fail_max=1)
        await stand.fail()
        await time_out(backend)
        await cancel(await stand.start(Service()))
        assert not await stand.refused()

    async def test_cancelled_call_is_neither_a_failure_nor_a_success(self, backend: CircuitBackend) -> None:
        stand = Stand(backend, fail_max=2)
        await stand.fail()
        await cancel(await stand.start(Service()))
        await stand.fail()
        assert await stand.refused()

    async def test_probe_that_never_ends_is_replaced_after_its_lease(self, backend: CircuitBackend) -> None:
        stand, lost = Stand(backend, fail_max=1), Service()
        await stand.fail()
        await time_out(backend)
        hanging = await stand.start(lost)
        await time_out(backend)
        assert not await stand.refused()
        lost.fail()
        with pytest.raises(ConnectionError):
            await hanging
        assert not await stand.refused()

    async def test_failure_from_before_the_circuit_opened_does_not_count_later(self, backend: CircuitBackend) -> None:
        stand, slow = Stand(backend, fail_max=1), Service()
        late = await stand.start(slow)
        await stand.fail()
        await time_out(backend)
        assert not await stand.refused()
        slow.fail()
        with pytest.raises(ConnectionError):
            await late
        assert not await stand.refused()

    async def test_success_from_before_the_circuit_opened_does_not_close_it(self, backend: CircuitBackend) -> None:
        stand, slow = Stand(backend, fail_max=1), Service()
        late = await stand.start(slow)
        await stand.fail()
        slow.succeed()
        await late
        assert await stand.refused()

    async def test_circuits_of_other_names_are_not_touched(self, backend: CircuitBackend) -> None:
        stand = Stand(backend, fail_max=1)
        await stand.fail()
        assert await stand.breaker.call(f"{stand.name}-other", stand.service.works) == "done"

    # Two breakers: the results are those that the back end declares

    async def test_circuit_is_shared_as_declared(self, backend: CircuitBackend) -> None:
        stand = Stand(backend, fail_max=1)
        other = stand.another()
        assert not await stand.refused(other)
        await stand.fail()
        assert await stand.refused(other) == backend.features.shared

    async def test_number_of_simultaneous_probes_of_two_breakers_is_as_declared(self, backend: CircuitBackend) -> None:
        stand, probed = Stand(backend, fail_max=1), Service()
        await stand.fail()
        await time_out(backend)
        probes = [await stand.start(probed), await stand.start(probed, stand.another())]
        assert probed.calls == (1 if backend.features.one_probe else 2)
        probed.succeed()
        await asyncio.gather(*probes, return_exceptions=True)

    async def test_late_result_from_another_breaker_is_ignored_as_declared(self, backend: CircuitBackend) -> None:
        stand, slow = Stand(backend, fail_max=1), Service()
        late = await stand.start(slow, stand.another())
        await stand.fail()
        await time_out(backend)
        assert not await stand.refused()
        slow.fail()
        with pytest.raises(ConnectionError):
            await late
        assert await stand.refused() != backend.features.fenced
