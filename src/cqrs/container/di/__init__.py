"""The adapter for containers of the library ``di``."""

from cqrs.container.di.container import DIContainer

__all__ = ["DIContainer"]
