"""The adapter for containers of unknown libraries: any object with a method ``resolve``."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, TypeVar, cast

from cqrs._registries.compiled import PlanCache

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from cqrs.container.origin import Origins
    from cqrs.errors.wiring import WiringProblem

T = TypeVar("T")


class AdoptedContainer:
    """Wraps an object with ``resolve``, async or not. Its methods ``scope`` and ``check`` are used if it has them."""

    __slots__ = ("_container",)
    scoped = True  # it may need scopes, and an unneeded scope does no harm
    light_scope = None

    def __init__(self, container: Any) -> None:
        self._container = container

    def scope(self) -> AdoptedScope:
        """Return a scope of the container, or the container itself if it has no scopes."""
        return AdoptedScope(self._container)

    def constructor(self, type_: type[T]) -> Callable[[], T] | None:  # noqa: ARG002  # the port has it
        """Return ``None``: an unknown container may need ``await`` for anything."""
        return None

    def shortcut(self, type_: type[T]) -> Callable[[], T] | None:  # noqa: ARG002  # the port has it
        """Return ``None``, for the same reason."""
        return None

    def makes_anew(self, type_: type) -> bool:  # noqa: ARG002  # the port has it
        """Return ``False``, because an unknown container may share anything."""
        return False

    def kept(self) -> PlanCache:
        """Return a cache that is never emptied: what is computed asks the container each time."""
        return PlanCache()

    def check(self, types: Iterable[type]) -> list[WiringProblem]:
        """Return the problems that the container reports for ``types``, if it has a method ``check``."""
        problems: list[WiringProblem] = self._container.check(types) if _has(self._container, "check") else []
        return problems

    def origins_of(self, types: Iterable[type]) -> Origins:
        """Yield the origins that the container reports for ``types``, if it has a method ``origins_of``."""
        origins: Origins = self._container.origins_of(types) if _has(self._container, "origins_of") else iter(())
        return origins


def _has(container: Any, method: str) -> bool:
    # Looked up in its class: some containers make up an attribute for every name.
    return callable(getattr(cast("Any", type(container)), method, None))


class AdoptedScope:
    """A scope of the container, if it has scopes. It cannot swallow errors: the caller gets them in any case."""

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
    """Awaits the result of ``resolve`` if it is awaitable."""

    __slots__ = ("_container",)

    def __init__(self, container: Any) -> None:
        self._container = container

    async def resolve(self, type_: type[T]) -> T:
        """Return what the container makes for ``type_``."""
        made = self._container.resolve(type_)
        if inspect.isawaitable(made):
            made = await made
        result: T = made
        return result
