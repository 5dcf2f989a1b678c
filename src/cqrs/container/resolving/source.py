"""The port through which the default resolver draws on another container."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from cqrs.container.origin import Origins
    from cqrs.container.resolving.provider import Lifetime
    from cqrs.container.resolving.shortcut import Make


class Giver(Protocol):
    """Gives the things of one request."""

    async def get(self, type_: Any) -> Any:
        """An instance of ``type_``."""
        ...


class Source(Giver, Protocol):
    """Another container that a resolver asks for whatever was not bound in itself."""

    def provides(self, type_: Any) -> bool:
        """Whether this is the container's affair, so that the resolver does not build ``type_`` by itself."""
        ...

    def lifetime(self, type_: Any) -> Lifetime:
        """How long what :meth:`get` gives lives. Raises ``DependencyError`` if it can tell that it cannot be made."""
        ...

    def quick(self, type_: Any) -> tuple[Make | None, tuple[Make, ...]]:
        """A function that gives ``type_`` without an ``await``, if there is one, and what is to be called before it.

        They raise ``NotAtOnce`` where it takes one after all, the latter before anything is made.
        """
        ...

    def scope(self) -> AbstractAsyncContextManager[Giver] | None:
        """Opens a request scope; ``None`` if what the source gives is the same in every request."""
        ...

    def remedy(self, type_: Any) -> str:
        """How ``type_`` is made known to the container, for a message to a person."""
        ...

    def origins(self, type_: Any) -> Origins:
        """What makes ``type_`` and all that it needs, each with the types that lead there from ``type_``."""
        ...

    def instead(self, name: str, value: str) -> str:
        """How a type of this ``name`` is bound to a ``value``, for a message to a person."""
        ...
