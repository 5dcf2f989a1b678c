"""Lets the engine work with anything that has a method ``resolve``."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, TypeVar, cast

from cqrs._registries.compiled import Kept

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from cqrs.container.origin import Origins
    from cqrs.errors.wiring import WiringProblem

T = TypeVar("T")


class Adopted:
    """Anything with ``resolve``, async or not; its scopes and checks are used if it has them."""

    __slots__ = ("_container",)
    scoped = True  # it may be, and a scope that is not needed does no harm
    light_scope = None

    def __init__(self, container: Any) -> None:
        self._container = container

    def scope(self) -> AdoptedScope:
        """A scope of the container, or the container itself if it has none."""
        return AdoptedScope(self._container)

    def constructor(self, type_: type[T]) -> Callable[[], T] | None:  # noqa: ARG002  # the port has it
        """Always ``None``: a container that we do not know may do anything when it builds."""
        return None

    def shortcut(self, type_: type[T]) -> Callable[[], T] | None:  # noqa: ARG002  # the port has it
        """Always ``None``."""
        return None

    def makes_anew(self, type_: type) -> bool:  # noqa: ARG002  # the port has it
        """Never sure."""
        return False

    def kept(self) -> Kept:
        """For what is compiled: it asks the container each time, and so it never has to be compiled anew."""
        return Kept()

    def check(self, types: Iterable[type]) -> list[WiringProblem]:
        """What the container says about ``types``, if it can tell."""
        problems: list[WiringProblem] = self._container.check(types) if _has(self._container, "check") else []
        return problems

    def origins_of(self, types: Iterable[type]) -> Origins:
        """What the container tells about the making of ``types``: nothing, unless it is one that we know."""
        origins: Origins = self._container.origins_of(types) if _has(self._container, "origins_of") else iter(())
        return origins


def _has(container: Any, method: str) -> bool:
    # Asked of its class: an attribute of that name may be anything, above all in containers that make up attributes.
    return callable(getattr(cast("Any", type(container)), method, None))


class AdoptedScope:
    """A scope of the container, if it has any. What that makes of an error is its affair: the caller gets it too."""

    __slots__ = ("_container", "_opened")

    def __init__(self, container: Any) -> None:
        self._container = container
        self._opened: Any = None

    async def __aenter__(self) -> Awaiting:
        if not _has(self._container, "scope"):
            return Awaiting(self._container)
        self._opened = self._container.scope()
        return Awaiting(await self._opened.__aenter__())

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._opened is not None:
            await self._opened.__aexit__(kind, error, traceback)


class Awaiting:
    """Awaits what ``resolve`` returns where it is awaitable."""

    __slots__ = ("_container",)

    def __init__(self, container: Any) -> None:
        self._container = container

    async def resolve(self, type_: type[T]) -> T:
        """What the container makes of ``type_``."""
        made = self._container.resolve(type_)
        if inspect.isawaitable(made):
            made = await made
        result: T = made
        return result
