"""The errors of step 2 under the name that programs for python-cqrs import them from; they live in ``cqrs.errors``."""

from cqrs.errors.requests import RequestHandlerDoesNotExist, RequestHandlerTypeError

__all__ = ["RequestHandlerDoesNotExist", "RequestHandlerTypeError"]
