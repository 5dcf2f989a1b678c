"""Circuits in storages of aiobreaker, without a server; the one in Redis has its tests where the servers are."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from aiobreaker.state import CircuitBreakerState  # type: ignore[import-untyped]
from aiobreaker.storage import redis as aiobreaker_redis  # type: ignore[import-untyped]
from aiobreaker.storage.memory import CircuitMemoryStorage  # type: ignore[import-untyped]

from cqrs.circuit_breaker.aiobreaker import call_storage_factory
from cqrs.circuit_breaker.breaker import AioBreakerAdapter
from cqrs.errors import CircuitBreakerSettingsError, CircuitOpenError
from cqrs.testing.clock import ManualClock
from cqrs.testing.conformance.circuit_breaker import CircuitBreakerConformance, Features

if TYPE_CHECKING:
    from datetime import datetime


class AioBreakerMemoryBackend:
    features = Features(shared=True, one_probe=False, fenced=False)

    def __init__(self) -> None:
        self._clock = ManualClock()
        self._storages: dict[str, Any] = {}

    def storage(self, name: str) -> Any:
        return self._storages.setdefault(name, CircuitMemoryStorage(CircuitBreakerState.CLOSED))

    def breaker(self, **settings: Any) -> AioBreakerAdapter:
        return AioBreakerAdapter(storage_factory=self.storage, storage_timeout=60, clock=self._clock, **settings)

    async def advance(self, seconds: float) -> None:
        self._clock.advance(seconds)
        for storage in self._storages.values():
            if storage.opened_at is not None:
                storage.opened_at -= timedelta(seconds=seconds)


class TestCircuitsOfAioBreaker(CircuitBreakerConformance):
    @pytest.fixture
    def backend(self) -> AioBreakerMemoryBackend:
        return AioBreakerMemoryBackend()


async def work() -> str:
    return "done"


async def fail() -> None:
    raise ConnectionError


async def fail_in(breaker: AioBreakerAdapter, times: int) -> None:
    for _ in range(times):
        with pytest.raises(ConnectionError):
            await breaker.call("x", fail)


class Hold:
    """Holds a thread until the event loop lets it go; fails if the thread is that of the event loop itself."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._held = asyncio.Event()
        self._let_go = threading.Event()

    def hold(self) -> None:
        self._loop.call_soon_threadsafe(self._held.set)
        assert self._let_go.wait(20), "the event loop was held up"

    async def let_go(self) -> None:
        await self._held.wait()
        self._let_go.set()


async def test_a_storage_that_blocks_does_not_hold_up_the_event_loop() -> None:
    thread = Hold()

    class SlowStorage(CircuitMemoryStorage):  # type: ignore[misc]
        @property
        def counter(self) -> int:
            thread.hold()
            return 0

    breaker = AioBreakerAdapter(storage_factory=lambda _: SlowStorage(CircuitBreakerState.CLOSED), storage_timeout=60)
    call = asyncio.create_task(breaker.call("x", work))
    await thread.let_go()
    assert await call == "done"


async def test_a_factory_that_blocks_does_not_hold_up_the_event_loop() -> None:
    thread = Hold()

    def factory(name: str) -> Any:
        thread.hold()
        return CircuitMemoryStorage(CircuitBreakerState.CLOSED)

    call = asyncio.create_task(AioBreakerAdapter(storage_factory=factory, storage_timeout=60).call("x", work))
    await thread.let_go()
    assert await call == "done"


class FakeRedis:
    def __init__(self) -> None:
        self.stored: dict[str, Any] = {}

    def setnx(self, key: str, value: Any) -> None:
        self.stored.setdefault(key, value)


@pytest.mark.parametrize("state", ["closed", "CLOSED", "half-open", "half_open"])
def test_a_state_may_be_written_as_it_is_widely_copied(state: str) -> None:
    redis = FakeRedis()
    call_storage_factory(lambda name: aiobreaker_redis.CircuitRedisStorage(state, redis, name), "billing")
    assert redis.stored["billing:aiobreaker:state"] == state.upper().replace("-", "_")


def test_aiobreaker_is_left_as_it_was() -> None:
    original = aiobreaker_redis.CircuitRedisStorage.__init__
    call_storage_factory(lambda name: aiobreaker_redis.CircuitRedisStorage("closed", FakeRedis(), name), "billing")
    assert aiobreaker_redis.CircuitRedisStorage.__init__ is original


async def test_a_state_that_does_not_exist_is_a_mistake_of_the_factory() -> None:
    def factory(name: str) -> Any:
        return aiobreaker_redis.CircuitRedisStorage("ajar", FakeRedis(), name)

    with pytest.raises(CircuitBreakerSettingsError, match="AJAR"):
        await AioBreakerAdapter(storage_factory=factory).call("x", work)


async def test_other_attribute_errors_of_a_factory_keep_their_text() -> None:
    def factory(name: str) -> Any:
        return name.connect()  # type: ignore[attr-defined]

    with pytest.raises(CircuitBreakerSettingsError, match="'str' object has no attribute 'connect'"):
        await AioBreakerAdapter(storage_factory=factory).call("x", work)


async def test_a_late_failure_does_not_count_once_this_process_has_seen_the_circuit_move() -> None:
    backend, ended = AioBreakerMemoryBackend(), asyncio.get_running_loop().create_future()
    breaker, other = (backend.breaker(fail_max=2, timeout_duration=60) for _ in range(2))
    started = asyncio.Event()

    async def slow() -> Any:
        started.set()
        return await ended

    late = asyncio.create_task(breaker.call("x", slow))
    await started.wait()
    await fail_in(other, times=2)
    with pytest.raises(CircuitOpenError):
        await breaker.call("x", work)
    await backend.advance(61)
    assert await other.call("x", work) == "done"
    ended.set_exception(ConnectionError())
    with pytest.raises(ConnectionError):
        await late
    await fail_in(breaker, times=1)
    assert await breaker.call("x", work) == "done"


async def test_open_time_is_rounded_up_to_whole_seconds() -> None:
    opened: list[datetime] = []

    class WatchedStorage(CircuitMemoryStorage):  # type: ignore[misc]
        @property
        def opened_at(self) -> Any:
            return self._opened_at

        @opened_at.setter
        def opened_at(self, moment: datetime) -> None:
            self._opened_at = moment
            opened.append(moment)

    breaker = AioBreakerAdapter(fail_max=1, storage_factory=lambda _: WatchedStorage(CircuitBreakerState.CLOSED))
    await fail_in(breaker, times=1)
    assert [moment.microsecond for moment in opened] == [0]
