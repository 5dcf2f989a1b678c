"""The established path of ``AioBreakerAdapter``, which is in :mod:`cqrs.circuit_breaker.breaker`."""

from cqrs.circuit_breaker.breaker import LOG_LEVELS, AioBreakerAdapter

__all__ = ["LOG_LEVELS", "AioBreakerAdapter"]
