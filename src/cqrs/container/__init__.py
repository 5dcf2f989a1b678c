"""Dependency injection: the port, the default resolver, and adapters of other containers."""

import typing

from cqrs._lazy_names import lazy_names as _lazy_names

if typing.TYPE_CHECKING:
    from cqrs.container.protocol import CheckingContainer, Container, ScopedContainer
    from cqrs.container.resolver import Resolver
    from cqrs.container.scope import current_scope

__all__ = ["CheckingContainer", "Container", "Resolver", "ScopedContainer", "current_scope"]

_NAMES_IN = {
    "cqrs.container.protocol": ("CheckingContainer", "Container", "ScopedContainer"),
    "cqrs.container.resolver": ("Resolver",),
    "cqrs.container.scope": ("current_scope",),
}

if not typing.TYPE_CHECKING:  # else a type checker accepts any name
    __getattr__, __dir__ = _lazy_names(__name__, _NAMES_IN)
