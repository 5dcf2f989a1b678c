"""Step 2 of the flow: middlewares wrap every turn, on every mediator."""

from cqrs.middlewares.base import Middleware, MiddlewareChain
from cqrs.middlewares.logging import LoggingMiddleware

__all__ = ["LoggingMiddleware", "Middleware", "MiddlewareChain"]
