from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cqrs.circuit_breaker.redis import RedisStorageFactory, redis_storage_factory


def test_a_bad_address_is_refused_where_it_is_written() -> None:
    with pytest.raises(ValueError, match="scheme"):
        redis_storage_factory("localhost:6379")


def test_clients_of_closed_event_loops_are_dropped() -> None:
    connect: Any = object
    factory = RedisStorageFactory(connect, "test", retention=1.0)

    async def use() -> None:
        factory._client()

    for _ in range(3):
        asyncio.run(use())
    assert len(factory._clients) == 1


async def test_one_event_loop_has_one_client() -> None:
    connect: Any = object
    factory = RedisStorageFactory(connect, "test", retention=1.0)
    assert factory._client() is factory._client()


async def test_closing_what_was_never_used_is_allowed() -> None:
    await redis_storage_factory("redis://localhost:6379").aclose()
