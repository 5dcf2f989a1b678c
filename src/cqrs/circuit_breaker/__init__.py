"""Circuit breakers: the port, the breaker, and where it keeps its state."""

from cqrs.circuit_breaker.protocol import ICircuitBreaker, should_use_fallback

__all__ = ["ICircuitBreaker", "should_use_fallback"]
