from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from redis.asyncio import Redis
from redis.exceptions import ReadOnlyError

from cqrs.circuit_breaker.breaker import AioBreakerAdapter
from cqrs.circuit_breaker.outage import PAUSE_BETWEEN_TRIALS
from cqrs.circuit_breaker.policy import CircuitPolicy
from cqrs.circuit_breaker.redis import redis_storage_factory
from cqrs.circuit_breaker.state import CallResult, CircuitState, Permit
from cqrs.errors import CircuitOpenError
from cqrs.testing.clock import ManualClock
from tests.integration.circuit_breaker.redis_backends import PATIENT, PATIENT_CLIENT, RedisBackend
from tests.integration.postgresql_log.proxy import proxy_to

if TYPE_CHECKING:
    from tests.servers import Server
    from tests.servers.fixtures import Servers


async def work() -> str:
    return "done"


async def fail() -> None:
    raise ConnectionError


async def open_circuit(breaker: AioBreakerAdapter, name: str = "x") -> None:
    with pytest.raises(ConnectionError):
        await breaker.call(name, fail)
    with pytest.raises(CircuitOpenError):
        await breaker.call(name, work)


async def test_calls_go_through_while_the_server_is_dead_and_are_guarded_when_it_is_back(
    redis_server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    clock, factory = ManualClock(), redis_storage_factory(redis_server.address, **PATIENT_CLIENT)
    breaker = AioBreakerAdapter(fail_max=1, storage_factory=factory, clock=clock, storage_timeout=PATIENT)
    await open_circuit(breaker)
    await asyncio.to_thread(redis_server.kill)
    for _ in range(3):
        assert await breaker.call("x", work) == "done"
        clock.advance(PAUSE_BETWEEN_TRIALS)
    await asyncio.to_thread(redis_server.start)
    assert await breaker.call("x", work) == "done"  # the server has lost its data: the circuit is closed
    await open_circuit(breaker)
    told = [r.getMessage() for r in caplog.records if r.name == "cqrs.circuit_breaker.outage"]
    away, back = told
    assert away.startswith("The circuit storage does not answer, calls go through unguarded: ")
    assert back.startswith("The circuit storage answers again after 3 failed attempts in ")
    assert back.endswith("; calls that went through unguarded: 3")
    await factory.aclose()


async def test_a_server_that_is_dead_at_the_first_call_is_an_outage_too(redis_server: Server) -> None:
    clock, factory = ManualClock(), redis_storage_factory(redis_server.address, **PATIENT_CLIENT)
    breaker = AioBreakerAdapter(fail_max=1, storage_factory=factory, clock=clock, storage_timeout=PATIENT)
    await asyncio.to_thread(redis_server.kill)
    assert await breaker.call("x", work) == "done"
    await asyncio.to_thread(redis_server.start)
    clock.advance(PAUSE_BETWEEN_TRIALS)
    await open_circuit(breaker)
    await factory.aclose()


async def test_a_server_that_forgets_its_scripts_gets_them_again(redis_server: Server) -> None:
    factory = redis_storage_factory(redis_server.address, **PATIENT_CLIENT)
    breaker = AioBreakerAdapter(fail_max=2, storage_factory=factory, storage_timeout=PATIENT)
    with pytest.raises(ConnectionError):
        await breaker.call("x", fail)
    client: Any = Redis.from_url(redis_server.address)
    await client.script_flush()
    await open_circuit(breaker)
    await client.aclose()
    await factory.aclose()


async def test_each_decision_is_one_round_trip(redis_server: Server) -> None:
    factory = redis_storage_factory(redis_server.address, **PATIENT_CLIENT)
    breaker = AioBreakerAdapter(storage_factory=factory, storage_timeout=PATIENT)
    await breaker.call("x", work)
    client: Any = Redis.from_url(redis_server.address)
    await client.config_resetstat()
    await breaker.call("x", work)
    statistics = await client.info("commandstats")
    sent = {command: count["calls"] for command, count in statistics.items() if "config" not in command}
    assert sent.pop("cmdstat_evalsha") == 2  # may this call go, and how did it end
    assert set(sent) <= {"cmdstat_time", "cmdstat_hmget"}  # what the scripts do inside the server
    await client.aclose()
    await factory.aclose()


async def test_a_circuit_that_never_failed_leaves_no_key(redis_backend: RedisBackend) -> None:
    breaker = redis_backend.breaker()
    await breaker.call("x", work)
    assert await redis_backend.keys() == []


async def test_keys_have_the_namespace_and_expire(redis_backend: RedisBackend) -> None:
    breaker = redis_backend.breaker(fail_max=1, timeout_duration=60, probe_lease=40)
    await open_circuit(breaker, "billing")
    assert await redis_backend.keys() == [f"{redis_backend.namespace}:billing"]
    assert 0 < await redis_backend.lifetime(f"{redis_backend.namespace}:billing") <= (3600 + 60 + 40) * 1000


async def test_namespaces_keep_circuits_apart(redis_url: str, redis_backend: RedisBackend) -> None:
    await open_circuit(redis_backend.breaker(fail_max=1))
    factory = redis_storage_factory(redis_url, namespace=f"{redis_backend.namespace}-other", **PATIENT_CLIENT)
    assert await AioBreakerAdapter(storage_factory=factory, storage_timeout=PATIENT).call("x", work) == "done"
    await factory.aclose()


async def test_time_of_the_server_opens_the_way_again(redis_backend: RedisBackend) -> None:
    breaker = redis_backend.breaker(fail_max=1, timeout_duration=0.05)
    with pytest.raises(ConnectionError):
        await breaker.call("x", fail)
    while True:
        try:
            assert await breaker.call("x", work) == "done"
            break
        except CircuitOpenError as refusal:
            await asyncio.sleep(refusal.retry_after or 0)


async def test_refusal_carries_the_time_that_is_left(redis_backend: RedisBackend) -> None:
    breaker = redis_backend.breaker(fail_max=1, timeout_duration=600)
    await open_circuit(breaker)
    with pytest.raises(CircuitOpenError) as refusal:
        await breaker.call("x", work)
    assert refusal.value.retry_after is not None
    assert 0 < refusal.value.retry_after <= 600


def test_one_breaker_serves_one_event_loop_after_the_other(redis_url: str, redis_backend: RedisBackend) -> None:
    factory = redis_backend.factory()
    breaker = AioBreakerAdapter(fail_max=1, storage_factory=factory, storage_timeout=PATIENT)

    async def first() -> None:
        await open_circuit(breaker)
        await factory.aclose()

    async def second() -> None:
        with pytest.raises(CircuitOpenError):
            await breaker.call("x", work)
        await factory.aclose()
        await factory.aclose()

    asyncio.run(first())
    asyncio.run(second())


async def test_circuits_move_to_the_server_that_has_taken_over(servers: Servers) -> None:
    with contextlib.ExitStack() as stack:
        old, new = (stack.enter_context(contextlib.contextmanager(servers.own)("redis")) for _ in range(2))
        ports = [urlsplit(server.address).port or 0 for server in (old, new)]
        async with proxy_to("127.0.0.1", ports[0]) as proxy:
            factory = redis_storage_factory(f"redis://127.0.0.1:{proxy.port}/0", **PATIENT_CLIENT)
            storage, policy = factory("x"), CircuitPolicy(fail_max=1, timeout=60.0, probe_lease=60.0)
            permit = await storage.admit(policy)
            assert isinstance(permit, Permit)
            async with Redis.from_url(old.address) as client:
                await client.replicaof("127.0.0.1", str(ports[1]))
            proxy.lead_to("127.0.0.1", ports[1])  # from now on; what is connected stays there
            with pytest.raises(ReadOnlyError):
                await storage.settle(policy, permit, CallResult.FAILURE)
            assert await storage.settle(policy, permit, CallResult.FAILURE) is CircuitState.OPEN
            await factory.aclose()
