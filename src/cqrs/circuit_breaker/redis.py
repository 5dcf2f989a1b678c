"""Circuits that many processes share through Redis (5.0 or later, one server or a cluster).

One hash per circuit, one script and one round trip per decision: exactly one process sends the probe, and only the
clock of the server is used. A circuit that has not changed for ``retention`` is deleted, which closes it.
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, ReadOnlyError
from typing_extensions import override

from cqrs.circuit_breaker.policy import seconds
from cqrs.circuit_breaker.redis_scripts import ADMIT, SETTLE, Script
from cqrs.circuit_breaker.state import CallResult, CircuitState, Permit, Refusal
from cqrs.circuit_breaker.storage import CircuitStorage

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from cqrs.circuit_breaker.policy import CircuitPolicy


class RedisCircuitStorage(CircuitStorage):
    """One circuit in the hash ``key``; ``client`` returns the client of the running event loop."""

    def __init__(self, client: Callable[[], Redis], key: str, retention: float) -> None:
        self._client = client
        self._key = key
        self._retention = retention

    @override
    async def admit(self, policy: CircuitPolicy) -> Permit | Refusal:
        kind, number = await self._run(ADMIT, self._kept_for(policy), _milliseconds(policy.probe_lease))
        if kind == b"refused":
            return Refusal(None if number < 0 else number / 1000)
        return Permit(number, probe=kind == b"probe")

    @override
    async def settle(self, policy: CircuitPolicy, permit: Permit, result: CallResult) -> CircuitState | None:
        kept_for, timeout = self._kept_for(policy), _milliseconds(policy.timeout)
        moved_to = await self._run(SETTLE, kept_for, permit.epoch, result.value, policy.fail_max, timeout)
        return CircuitState(moved_to.decode()) if moved_to else None

    async def _run(self, script: Script, *args: float | str) -> Any:
        client: Any = self._client()
        try:
            try:
                return await client.evalsha(script.sha, 1, self._key, *args)
            except NoScriptError:  # the first call on this server, or its first one after a restart
                return await client.eval(script.text, 1, self._key, *args)
        except ReadOnlyError:
            await (
                client.connection_pool.disconnect()
            )  # the address may lead to another server by now, the open socket does not
            raise

    def _kept_for(self, policy: CircuitPolicy) -> int:
        return _milliseconds(self._retention + policy.timeout + policy.probe_lease)


class RedisStorageFactory:
    """A ``storage_factory`` of :class:`~cqrs.circuit_breaker.breaker.AioBreakerAdapter`, made by the function below.

    It has one client per event loop, because a client cannot be used in another loop.
    """

    def __init__(self, connect: Callable[[], Redis], namespace: str, retention: float) -> None:
        self._connect = connect
        self._namespace = namespace
        self._retention = retention
        self._clients: dict[asyncio.AbstractEventLoop, Redis] = {}

    def __call__(self, name: str) -> RedisCircuitStorage:
        """Build the storage of one circuit; does not connect yet."""
        return RedisCircuitStorage(self._client, f"{self._namespace}:{name}", self._retention)

    async def aclose(self) -> None:
        """Close the connections of the running event loop. A later call opens them again."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.aclose()

    def _client(self) -> Redis:
        loop = asyncio.get_running_loop()
        client = self._clients.get(loop)
        if client is None:
            self._clients = {known: kept for known, kept in self._clients.items() if not known.is_closed()}
            client = self._clients[loop] = self._connect()
        return client


def redis_storage_factory(
    url: str,
    *,
    namespace: str = "cqrs:circuit",
    retention: float | timedelta = 3600.0,
    **client_options: Any,
) -> RedisStorageFactory:
    """Keep circuits in the Redis at ``url``, under keys that begin with ``namespace``; does not connect yet.

    ``client_options`` are passed to ``redis.asyncio.from_url``. The client does not retry: a decision whose answer was
    lost must not be made twice, and the breaker handles the outage.
    """
    options: dict[str, Any] = {"socket_connect_timeout": 1.0, "socket_timeout": 1.0, **client_options}
    options |= {"decode_responses": False, "retry": Retry(NoBackoff(), 0)}

    def connect() -> Redis:
        driver: Any = Redis  # its from_url is only partly typed
        client: Redis = driver.from_url(url, **options)
        return client

    connect()  # a mistake in the address is raised here and not at the first call
    return RedisStorageFactory(connect, namespace, seconds(retention))


def _milliseconds(duration: float) -> int:
    return math.ceil(duration * 1000)
