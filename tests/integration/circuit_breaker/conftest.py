from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.circuit_breaker.redis_backends import AioBreakerBackend, RedisBackend

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


@pytest.fixture
async def redis_backend(redis_url: str) -> AsyncIterator[RedisBackend]:
    backend = RedisBackend(redis_url)
    yield backend
    await backend.aclose()


@pytest.fixture
def aiobreaker_backend(redis_url: str) -> Iterator[AioBreakerBackend]:
    backend = AioBreakerBackend(redis_url)
    yield backend
    backend.close()
