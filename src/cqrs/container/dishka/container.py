"""The adapter for asynchronous containers of the library dishka."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Self

from dishka import DEFAULT_COMPONENT, AsyncContainer

from cqrs._introspection.generics import type_name
from cqrs.container.dishka.graph import Graph, how_to_provide, key_of, unwrapped
from cqrs.container.resolver import Resolver
from cqrs.container.resolving.shortcut import NotAtOnce
from cqrs.errors.wiring import DependencyError, WiringError, WiringProblem

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager
    from types import TracebackType

    from dishka import BaseScope

    from cqrs.container.origin import Origins
    from cqrs.container.resolving.provider import Lifetime
    from cqrs.container.resolving.shortcut import Make


class DishkaContainer(Resolver):
    """Injects what a dishka container provides into the handlers.

    For every request the container's next scope is entered, usually ``Scope.REQUEST``; ``scope`` selects another one.
    Registered types come from dishka. All others, usually the handlers, are built from their annotations. Register
    handlers with ``cache=False``, or two events of one request share one.
    """

    def __init__(self, container: AsyncContainer | None = None, *, scope: BaseScope | None = None) -> None:
        self._dishka = _Dishka(scope)
        super().__init__(source=self._dishka)
        if container is not None:
            self.attach_external_container(container)

    @property
    def external_container(self) -> AsyncContainer:
        """Return the dishka container. Raises ``WiringError`` if none is attached."""
        return self._dishka.container

    def attach_external_container(self, container: AsyncContainer) -> None:
        """Use ``container`` from now on. Raises ``WiringError`` if it is not asynchronous."""
        self._dishka.attach(container)
        self._planner.forget()


class _Dishka:
    """The source of the resolver."""

    def __init__(self, scope: BaseScope | None) -> None:
        self._scope = scope
        self._container: AsyncContainer | None = None
        self._graph: Graph | None = None

    @property
    def container(self) -> AsyncContainer:
        if self._container is None:
            remedy = "Pass one, DishkaContainer(container), or call attach_external_container(container)"
            raise WiringError([WiringProblem("DishkaContainer", "no container is attached to it", remedy)])
        return self._container

    @property
    def graph(self) -> Graph:
        if self._graph is None:
            self._graph = Graph(self.container, unwrapped(self._enter() or self.container))
        return self._graph

    def attach(self, container: Any) -> None:
        if not isinstance(container, AsyncContainer):
            remedy = "Make it with make_async_container(...)"
            raise WiringError([WiringProblem("DishkaContainer", f"{container!r} is not asynchronous", remedy)])
        self._container, self._graph = container, None

    def provides(self, type_: Any) -> bool:
        return self.graph.knows(type_)

    def lifetime(self, type_: Any) -> Lifetime:
        gap = self.graph.first_gap(key_of(type_))
        if gap is not None:
            raise DependencyError(type_, (), *gap)
        return "request" if self.graph.per_request(type_) else "singleton"

    async def get(self, type_: Any) -> Any:
        return await _get(self.container, type_)

    def quick(self, type_: Any) -> tuple[Make | None, tuple[Make, ...]]:
        container = self.graph.keeper_of(key_of(type_))
        key = getattr(key_of(type_), "as_compilation_key", lambda: None)()
        if key is None or not hasattr(container, "_cache"):
            return None, ()

        def look() -> Any:
            try:
                return container._cache[key]  # noqa: SLF001  # the public ways are all asynchronous
            except KeyError:
                raise NotAtOnce from None

        return look, (look,)

    def scope(self) -> _Opened | None:
        entered = self._enter()
        return _Opened(entered) if entered is not None else None

    def remedy(self, type_: Any) -> str:
        return f"Register it: provider.provide(YourFactory, provides={type_name(type_)}, scope=Scope.REQUEST)"

    def origins(self, type_: Any) -> Origins:
        return self.graph.origins(key_of(type_))

    def how_to_bind(self, name: str, value: str) -> str:
        return how_to_provide(name, value)

    def _enter(self) -> AbstractAsyncContextManager[AsyncContainer] | None:
        if self._scope is not None:
            return self.container(lock_factory=_TaskLock, scope=self._scope)
        try:
            return self.container(lock_factory=_TaskLock)
        except ValueError:
            return None  # it is the innermost one already


class _Opened:
    """The container of one request."""

    __slots__ = ("_container", "_entered")

    def __init__(self, entered: AbstractAsyncContextManager[AsyncContainer]) -> None:
        self._entered = entered

    async def get(self, type_: Any) -> Any:
        return await _get(self._container, type_)

    async def __aenter__(self) -> Self:
        self._container = await self._entered.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._entered.__aexit__(kind, error, traceback)


class _TaskLock:
    """A lock that the holding task can acquire again: a factory may ask its container for something else."""

    __slots__ = ("_depth", "_holder", "_lock")

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._holder: asyncio.Task[Any] | None = None
        self._depth = 0

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        if self._holder is not task or task is None:
            await self._lock.acquire()
            self._holder = task
        self._depth += 1

    async def __aexit__(self, *_: object) -> None:
        self._depth -= 1
        if self._depth == 0:
            self._holder = None
            self._lock.release()


async def _get(container: AsyncContainer, type_: Any) -> Any:
    key = key_of(type_)
    return await container.get(key.type_hint, component=key.component or DEFAULT_COMPONENT)
