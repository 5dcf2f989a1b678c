"""Dependency injection: the default resolver, the port, and the adapters of other containers."""

from cqrs.container.protocol import CheckingContainer, Container, ScopedContainer
from cqrs.container.resolver import Resolver
from cqrs.container.scope import current_scope

__all__ = ["CheckingContainer", "Container", "Resolver", "ScopedContainer", "current_scope"]
