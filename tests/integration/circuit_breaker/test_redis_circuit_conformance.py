from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cqrs.testing.conformance.circuit_breaker import CircuitBreakerConformance

if TYPE_CHECKING:
    from tests.integration.circuit_breaker.redis_backends import AioBreakerBackend, RedisBackend


class TestCircuitsInRedis(CircuitBreakerConformance):
    @pytest.fixture
    def backend(self, redis_backend: RedisBackend) -> RedisBackend:
        return redis_backend


class TestCircuitsOfAioBreakerInRedis(CircuitBreakerConformance):
    @pytest.fixture
    def backend(self, aiobreaker_backend: AioBreakerBackend) -> AioBreakerBackend:
        return aiobreaker_backend
