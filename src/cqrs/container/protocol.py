"""The port of dependency injection: what the engine needs from a container."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractAsyncContextManager

    from cqrs.errors.wiring import WiringProblem

T = TypeVar("T")


class Container(Protocol):
    """Builds instances. Any object with such a method can be passed to a bootstrap; the method need not be async."""

    async def resolve(self, type_: type[T]) -> T:
        """Return an instance of ``type_``. It is called for every handler; return no handler for two requests."""
        ...


@runtime_checkable
class ScopedContainer(Protocol):
    """A container in which some instances live as long as one request."""

    def scope(self) -> AbstractAsyncContextManager[Container]:
        """Open a request scope, and return its container when it is entered.

        It is entered before the handler is built, and left after the handler's events have been handled, also on an
        error and on cancellation. What was opened within it must be closed then, in the reverse order.
        """
        ...


@runtime_checkable
class CheckingContainer(Protocol):
    """A container that can check in advance whether it is able to build something."""

    def check(self, types: Iterable[type]) -> list[WiringProblem]:
        """Return everything that will stop it from building ``types``. It builds nothing."""
        ...
