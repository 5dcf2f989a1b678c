"""The port of dependency injection: what the engine asks of a container."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractAsyncContextManager

    from cqrs.errors.wiring import WiringProblem

T = TypeVar("T")


class Container(Protocol):
    """Builds what it is asked for. Anything with such a method can be handed to a bootstrap; it need not be async."""

    async def resolve(self, type_: type[T]) -> T:
        """An instance of ``type_``. Called for every handler, so a handler must not be shared between requests."""
        ...


@runtime_checkable
class ScopedContainer(Protocol):
    """A container in which some things live as long as one request."""

    def scope(self) -> AbstractAsyncContextManager[Container]:
        """Opens a request scope and gives its container.

        Entered before the handler is built. Left after the handler's events have been handled, also on an error and
        on cancellation; whatever was opened within it is closed then, the last thing first.
        """
        ...


@runtime_checkable
class CheckingContainer(Protocol):
    """A container that can tell beforehand whether it will be able to build something."""

    def check(self, types: Iterable[type]) -> list[WiringProblem]:
        """Everything that will stop it from building ``types``. Builds nothing."""
        ...
