"""The established path of ``AioBreakerAdapter``, which is in :mod:`cqrs.circuit_breaker.breaker`."""

from cqrs.circuit_breaker.breaker import AioBreakerAdapter

__all__ = ["AioBreakerAdapter"]
