"""Handlers from a container of the library ``di``."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, Self, TypeVar

from cqrs._generics import type_name
from cqrs.container.di_solving import REQUEST, Solver
from cqrs.container.request_scope import after_the_end
from cqrs.container.turnstile import Turnstile
from cqrs.errors.wiring import DependencyError, WiringError, WiringProblem

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence

    import di
    from di.api.executor import SupportsTaskGraph
    from di.api.scopes import Scope

    from cqrs.container.origin import Origins

T = TypeVar("T")


class DIContainer:
    """Lets ``di`` build the handlers and all they need.

    The scopes before ``"request"`` in ``scopes`` last until :meth:`aclose`; ``"request"`` and those after it last for
    one request. A dependent without a scope lives per request. Handlers need no binding, and each is made anew. What
    is bound in the ``di`` container later on, a test's override for example, counts for what is built from then on.
    """

    def __init__(
        self, container: di.Container | None = None, *, scopes: Sequence[Scope] = ("singleton", "app", REQUEST)
    ) -> None:
        if REQUEST not in scopes:
            raise WiringError([WiringProblem(f"scopes={scopes!r}", "none is for a request", f"Name one {REQUEST!r}")])
        self._scopes = scopes
        self._lasting = scopes[: scopes.index(REQUEST)]
        self._solver: Solver | None = None
        self._opened = AsyncExitStack()
        self._state: di.ScopeState | None = None
        self._turnstiles = {scope: Turnstile() for scope in self._lasting}
        if container is not None:
            self.attach_external_container(container)

    @property
    def external_container(self) -> di.Container:
        """The ``di`` container. Raises ``WiringError`` if none is attached."""
        return self._attached().container

    def attach_external_container(self, container: di.Container) -> None:
        """Build with ``container`` from now on."""
        self._solver = Solver(container, self._scopes)

    async def resolve(self, type_: Callable[..., T]) -> T:
        """An instance of ``type_``, outside of any request.

        Raises ``DependencyError`` if it cannot be made, or if something would have to be closed at the end of the
        request: that takes a scope, ``async with container.scope() as scope``.
        """
        opened = next(iter(self._attached().opened_per_request(type_)), None)
        if opened is not None:
            problem = f"{type_name(opened)} is closed with the request, and no request scope is open here"
            remedy = (
                f"Resolve it in one: async with container.scope() as scope: await scope.resolve({type_name(type_)})"
            )
            raise DependencyError(opened, (type_, opened), problem, remedy)
        async with self.scope() as scope:
            return await scope.resolve(type_)

    @asynccontextmanager
    async def scope(self) -> AsyncGenerator[DIScope, None]:
        """A request scope: what has the scope ``"request"`` is made once within it and closed at its end."""
        solver = self._attached()
        if self._state is None:
            self._state = await _enter(solver.container, self._lasting, None, self._opened)
        async with AsyncExitStack() as opened:
            per_request = self._scopes[len(self._lasting) :]
            state = await _enter(solver.container, per_request, self._state, opened)
            turnstiles = self._turnstiles | {name: Turnstile() for name in per_request}
            scope = DIScope(solver, state, _OneAtATime(turnstiles))
            try:
                yield scope
            finally:
                scope.ended = True

    def check(self, types: Iterable[type]) -> list[WiringProblem]:
        """What will stop ``di`` from building ``types``. Builds nothing."""
        found: dict[object, DependencyError] = {}
        for error in (error for type_ in types for error in self._attached().problems(type_)):
            found.setdefault((error.problem, error.remedy), error)
        return [WiringProblem(" → ".join(map(type_name, e.path)), e.problem, e.remedy) for e in found.values()]

    def origins_of(self, types: Iterable[type]) -> Origins:
        """What makes ``types`` and all that they need, each with the way to it. Builds nothing."""
        for type_ in types:
            yield from self._attached().origins(type_)

    async def aclose(self) -> None:
        """Close what lasts longer than a request, the last made first. It is made anew if it is needed again."""
        self._state = None
        await self._opened.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def _attached(self) -> Solver:
        if self._solver is None:
            remedy = "Pass one, DIContainer(container), or call attach_external_container(container)"
            raise WiringError([WiringProblem("DIContainer", "no container is attached to it", remedy)])
        return self._solver


class DIScope:
    """What one request uses. Made by :meth:`DIContainer.scope`."""

    __slots__ = ("_executor", "_solver", "_state", "ended")

    def __init__(self, solver: Solver, state: di.ScopeState, executor: _OneAtATime) -> None:
        self._solver = solver
        self._state = state
        self._executor = executor
        self.ended = False

    async def resolve(self, type_: Callable[..., T]) -> T:
        """An instance of ``type_``. Raises ``DependencyError`` if it, or something it needs, cannot be made."""
        if self.ended:
            raise after_the_end(type_)
        made: T = await self._solver.solve(type_).execute_async(self._executor, self._state)
        return made


class _OneAtATime:
    """An executor under which two tasks that need the same thing at once get the same one."""

    __slots__ = ("_turnstiles",)

    def __init__(self, turnstiles: Mapping[Scope, Turnstile]) -> None:
        self._turnstiles = turnstiles

    async def execute_async(self, tasks: SupportsTaskGraph, state: Any) -> None:
        for task in tasks.static_order():
            computing: Any = task.compute(state)  # at once, or a coroutine that looks into the cache when it starts
            key = getattr(task, "cache_key", None)
            if computing is None:
                continue
            if key is None:
                await computing
                continue
            turnstile = self._turnstiles[getattr(task, "scope", REQUEST)]
            try:
                await turnstile.enter(key)
            except BaseException:
                computing.close()
                raise
            try:
                await computing
            finally:
                turnstile.leave(key)


async def _enter(
    container: di.Container, scopes: Iterable[Scope], state: di.ScopeState | None, opened: AsyncExitStack
) -> Any:
    for scope in scopes:
        state = await opened.enter_async_context(container.enter_scope(scope, state))
    return state
