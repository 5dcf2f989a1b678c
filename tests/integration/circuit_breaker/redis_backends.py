"""Circuits in a real Redis, as the conformance suite and the tests here want them."""

from __future__ import annotations

import uuid
from typing import Any

import redis
from aiobreaker.storage.redis import CircuitRedisStorage  # type: ignore[import-untyped]
from redis.asyncio import Redis

from cqrs.circuit_breaker.breaker import AioBreakerAdapter
from cqrs.circuit_breaker.redis import RedisStorageFactory, redis_storage_factory
from cqrs.testing.clock import ManualClock
from cqrs.testing.conformance.circuit_breaker import Features

PATIENT = 60.0  # on a busy machine a slow answer must not be taken for an outage
PATIENT_CLIENT: dict[str, Any] = {"socket_timeout": PATIENT, "socket_connect_timeout": PATIENT}


class RedisBackend:
    """Our storage. The clock is the server's, so time passes by setting back the times that are stored."""

    features = Features()

    def __init__(self, url: str) -> None:
        self._url = url
        self._client: Any = Redis.from_url(url)
        self._factories: list[RedisStorageFactory] = []
        self.namespace = f"test:{uuid.uuid4()}"

    def factory(self) -> RedisStorageFactory:
        self._factories.append(redis_storage_factory(self._url, namespace=self.namespace, **PATIENT_CLIENT))
        return self._factories[-1]

    def breaker(self, **settings: Any) -> AioBreakerAdapter:
        return AioBreakerAdapter(storage_factory=self.factory(), storage_timeout=PATIENT, **settings)

    async def keys(self) -> list[str]:
        return [key.decode() async for key in self._client.scan_iter(f"{self.namespace}:*", count=1000)]

    async def lifetime(self, key: str) -> int:
        return int(await self._client.pttl(key))

    async def advance(self, seconds: float) -> None:
        for key in await self.keys():
            await self._client.hincrby(key, "until", -int(seconds * 1000))

    async def aclose(self) -> None:
        for factory in self._factories:
            await factory.aclose()
        for key in await self.keys():
            await self._client.delete(key)
        await self._client.aclose()


class AioBreakerBackend:
    """The storage of aiobreaker, written as it is widely copied."""

    features = Features(shared=True, one_probe=False, fenced=False)

    def __init__(self, url: str) -> None:
        self._url = url
        self._clock = ManualClock()
        self._clients: list[Any] = []
        self._names: set[str] = set()

    def storage_factory(self, name: str) -> Any:
        client = redis.from_url(self._url, decode_responses=False)
        self._clients.append(client)
        self._names.add(name)
        return CircuitRedisStorage(state="closed", redis_object=client, namespace=name)

    def breaker(self, **settings: Any) -> AioBreakerAdapter:
        return AioBreakerAdapter(
            storage_factory=self.storage_factory, storage_timeout=PATIENT, clock=self._clock, **settings
        )

    async def advance(self, seconds: float) -> None:
        self._clock.advance(seconds)
        for name in self._names:
            key = f"{name}:aiobreaker:opened_at"
            if self._clients[0].exists(key):
                self._clients[0].decrby(key, int(seconds))

    def close(self) -> None:
        for name in self._names:
            self._clients[0].delete(*(f"{name}:aiobreaker:{part}" for part in ("state", "fail_counter", "opened_at")))
        for client in self._clients:
            client.close()
