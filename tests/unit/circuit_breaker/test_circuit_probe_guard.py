"""The guard that lets one probe through, and what happens without it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from cqrs.circuit_breaker.breaker import AioBreakerAdapter
from cqrs.circuit_breaker.state import CircuitState, Permit, Refusal
from cqrs.circuit_breaker.storage import MemoryCircuitStorage
from cqrs.errors import CircuitOpenError
from cqrs.testing.clock import ManualClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqrs.circuit_breaker.policy import CircuitPolicy


class UnguardedStorage(MemoryCircuitStorage):
    """The first version that comes to mind without thinking of tasks: half-open lets calls through."""

    async def admit(self, policy: CircuitPolicy) -> Permit | Refusal:
        if self._circuit.state is CircuitState.HALF_OPEN:
            return Permit(self._circuit.epoch, probe=True)
        return await super().admit(policy)


async def probes_among(calls: int, storage: Callable[[str, ManualClock], MemoryCircuitStorage]) -> int:
    clock = ManualClock()
    breaker = AioBreakerAdapter(
        fail_max=1,
        timeout_duration=1,
        storage_factory=lambda name: storage(name, clock),
        storage_timeout=60,
        clock=clock,
    )
    release, reached = asyncio.Event(), 0

    async def service() -> None:
        nonlocal reached
        reached += 1
        await release.wait()

    async def fail() -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await breaker.call("x", fail)
    clock.advance(1)
    tasks = [asyncio.create_task(breaker.call("x", service)) for _ in range(calls)]
    refused = 0
    while reached + refused < calls:
        await asyncio.sleep(0)
        refused = sum(task.done() for task in tasks)
    release.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert sum(isinstance(result, CircuitOpenError) for result in results) == refused
    return reached


async def test_one_probe_goes_out() -> None:
    assert await probes_among(5, MemoryCircuitStorage) == 1


async def test_without_the_guard_all_go_out() -> None:
    assert await probes_among(5, UnguardedStorage) == 5
