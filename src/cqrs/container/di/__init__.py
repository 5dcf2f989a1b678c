"""Handlers from a container of the library ``di``."""

from cqrs.container.di.container import DIContainer

__all__ = ["DIContainer"]
