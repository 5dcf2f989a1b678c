"""The port through which the default resolver uses another container."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from cqrs.container.origin import Origins
    from cqrs.container.resolving.provider import Lifetime
    from cqrs.container.resolving.shortcut import Make


class RequestSource(Protocol):
    """Provides the instances of one request."""

    async def get(self, type_: Any) -> Any:
        """Return an instance of ``type_``."""
        ...


class Source(RequestSource, Protocol):
    """Another container, which a resolver asks for types that are not bound in itself."""

    def provides(self, type_: Any) -> bool:
        """Whether the container makes ``type_``, so that the resolver does not build it itself."""
        ...

    def lifetime(self, type_: Any) -> Lifetime:
        """Return the lifetime of what :meth:`get` returns. Raises ``DependencyError`` if that surely cannot be made."""
        ...

    def quick(self, type_: Any) -> tuple[Make | None, tuple[Make, ...]]:
        """Return a function that makes ``type_`` without an ``await``, if possible, and the checks to call before it.

        All of them raise ``NotAtOnce`` if an ``await`` is needed after all, the checks before anything is made.
        """
        ...

    def scope(self) -> AbstractAsyncContextManager[RequestSource] | None:
        """Open a request scope. Return ``None`` if the source provides the same in every request."""
        ...

    def remedy(self, type_: Any) -> str:
        """Return how to register ``type_`` in the container, for texts that people read."""
        ...

    def origins(self, type_: Any) -> Origins:
        """Yield what makes ``type_`` and all it needs, each with the types that lead there from ``type_``."""
        ...

    def how_to_bind(self, name: str, value: str) -> str:
        """Return the code that binds the type ``name`` to ``value``, for texts that people read."""
        ...
