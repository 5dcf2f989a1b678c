"""The scripts in Redis and the functions in Python are two writings of one machine: they must not differ."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cqrs.circuit_breaker.policy import CircuitPolicy
from cqrs.circuit_breaker.state import CallResult, Permit
from cqrs.circuit_breaker.storage import CircuitStorage, MemoryCircuitStorage
from cqrs.testing.clock import ManualClock
from tests.integration.circuit_breaker.redis_backends import RedisBackend

# Long times, so that the real time that passes between two steps never matters.
POLICY = CircuitPolicy(fail_max=3, timeout=10_000.0, probe_lease=20_000.0)

ADMIT = st.just(("admit", None, None))
SETTLE = st.tuples(st.just("settle"), st.integers(0, 5), st.sampled_from(CallResult))
WAIT = st.tuples(st.just("wait"), st.sampled_from([5_000, 10_000, 20_000]), st.none())
STEPS = st.lists(st.one_of(ADMIT, SETTLE, WAIT), max_size=60)

names = itertools.count()


class Subject:
    """One storage, and the permits it has given."""

    def __init__(self, storage: CircuitStorage) -> None:
        self._storage = storage
        self._permits: list[Permit] = []

    async def do(self, step: str, number: Any, outcome: Any) -> Any:
        if step == "admit":
            admission = await self._storage.admit(POLICY)
            if isinstance(admission, Permit):
                self._permits.append(admission)
                return admission
            return "no time known" if admission.retry_after is None else round(admission.retry_after, -3)
        if self._permits:
            return await self._storage.settle(POLICY, self._permits[-1 - number % len(self._permits)], outcome)
        return None


async def compare(url: str, steps: list[tuple[str, Any, Any]]) -> None:
    backend, clock = RedisBackend(url), ManualClock()
    try:
        here, there = Subject(MemoryCircuitStorage("x", clock)), Subject(backend.factory()("x"))
        for step in steps:
            if step[0] == "wait":
                clock.advance(step[1])
                await backend.advance(step[1])
            else:
                assert await there.do(*step) == await here.do(*step)
    finally:
        await backend.aclose()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_scripts_and_functions_decide_alike(redis_url: str, steps: list[tuple[str, Any, Any]]) -> None:
    asyncio.run(compare(redis_url, steps))
