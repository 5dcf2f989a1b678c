"""Step 2 of the flow: middlewares, which wrap every turn of every mediator."""

from cqrs.middlewares.base import Middleware, MiddlewareChain
from cqrs.middlewares.logging import LoggingMiddleware
from cqrs.middlewares.retry import RetryMiddleware
from cqrs.middlewares.transaction import TransactionMiddleware

__all__ = ["LoggingMiddleware", "Middleware", "MiddlewareChain", "RetryMiddleware", "TransactionMiddleware"]
