"""The adapter for containers of the library dependency-injector."""

from cqrs.container.dependency_injector.container import DependencyInjectorCQRSContainer

__all__ = ["DependencyInjectorCQRSContainer"]
