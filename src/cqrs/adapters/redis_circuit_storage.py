"""The established path of these names, which are in :mod:`cqrs.circuit_breaker.redis`."""

from cqrs.circuit_breaker.redis import RedisCircuitStorage, RedisStorageFactory, redis_storage_factory

__all__ = ["RedisCircuitStorage", "RedisStorageFactory", "redis_storage_factory"]
