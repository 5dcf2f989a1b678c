"""The adapter for containers of the library ``di``."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from cqrs._arguments import Needed, check
from cqrs._introspection.generics import type_name
from cqrs._registries.compiled import PlanCache, PlanCaches
from cqrs.container.closing import ClosedAtExit, EndedAtExit
from cqrs.container.di.solving import REQUEST, Solver
from cqrs.container.origin import called_in
from cqrs.container.resolving.request_scope import after_the_end
from cqrs.container.resolving.shortcut import NotAtOnce
from cqrs.container.resolving.single_flight import SingleFlight
from cqrs.errors.wiring import DependencyError, WiringError, WiringProblem, problems_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import di
    from di.api.executor import SupportsTaskGraph
    from di.api.scopes import Scope

    from cqrs.container.origin import Origins

T = TypeVar("T")

_CONTAINER = Needed("a di.Container()", ("bind", "solve"))


class DIContainer(ClosedAtExit):
    """Builds handlers and all they need with a ``di`` container.

    The scopes before ``"request"`` in ``scopes`` last until :meth:`aclose`; ``"request"`` and those after it last for
    one request. A dependent without a scope lives per request. Handlers need no binding, and each request gets new
    ones. A later binding in the ``di`` container, such as an override in a test, applies to all that is built then.
    """

    def __init__(
        self, container: di.Container | None = None, *, scopes: Sequence[Scope] = ("singleton", "app", REQUEST)
    ) -> None:
        if REQUEST not in scopes:
            raise WiringError([WiringProblem(f"scopes={scopes!r}", "none is for a request", f"Name one {REQUEST!r}")])
        self._scopes = scopes
        self._lasting = scopes[: scopes.index(REQUEST)]
        self._solver: Solver | None = None
        self._plan_caches = PlanCaches()
        self._opened = AsyncExitStack()
        self.lasting: di.ScopeState | None = None
        self._flights = {scope: SingleFlight() for scope in self._lasting}
        self._per_request = scopes[len(self._lasting) :]
        # Each container has a class of its own, so that making a scope takes no other Python call.
        self.light_scope: type[DIScope] = type("DIScope", (DIScope,), {"container": self})
        if container is not None:
            self.attach_external_container(container)

    @property
    def external_container(self) -> di.Container:
        """Return the ``di`` container. Raises ``WiringError`` if none is attached."""
        return self.solver.container

    def attach_external_container(self, container: di.Container) -> None:
        """Use ``container`` from now on."""
        self._forget_ready()
        check("container", container, _CONTAINER)
        self._solver = Solver(container, self._scopes, self._plan_caches.clear)

    async def resolve(self, type_: Callable[..., T]) -> T:
        """Return an instance of ``type_`` outside of a request.

        Raises ``DependencyError`` if it cannot be made, or if something would have to be closed at the end of the
        request. For the latter, open a scope: ``async with container.scope() as scope``.
        """
        opened = next(iter(self.solver.opened_per_request(type_)), None)
        if opened is not None:
            problem = f"{type_name(opened)} is closed with the request, and no request scope is open here"
            remedy = (
                f"Resolve it in one: async with container.scope() as scope: await scope.resolve({type_name(type_)})"
            )
            raise DependencyError(opened, (type_, opened), problem, remedy)
        async with self.scope() as scope:
            return await scope.resolve(type_)

    scoped = True  # a dependent without a scope lives per request

    def scope(self) -> DIScope:
        """Return a request scope: dependents of the scope ``"request"`` are made once in it and closed at its end."""
        return self.light_scope()

    def constructor(self, type_: type[T]) -> Callable[[], T] | None:  # noqa: ARG002  # a resolver has it
        """Return ``None``: a later binding may need a request scope."""
        return None

    def shortcut(self, type_: type[T]) -> Callable[[], T] | None:
        """Return a function that makes ``type_`` in one call, if nothing is shared with other parts of the request.

        It raises ``NotAtOnce`` if a binding has changed, or if something it needs has yet to be made.
        """
        solver = self.solver
        try:
            quick = solver.quick(type_)
        except DependencyError:  # the scope will raise it
            return None
        if quick is None or quick.shares:
            return None
        bound, ready = solver.bound, solver.ready

        def make() -> T:
            make = ready.get(type_) if bound == solver.hooks else None
            if make is None:
                if self._solver is not solver:  # another container was attached
                    raise NotAtOnce
                make = solver.alone(type_, self.lasting)
            made: T = make()
            return made

        return make

    def makes_anew(self, type_: Any) -> bool:
        """Whether every request for ``type_`` gets a new instance: it is a class, and not shared."""
        try:
            root = self.solver.solve(type_).dependency
        except DependencyError:  # the scope will raise it
            return False
        return not root.use_cache and isinstance(called_in(root.call), type)

    def kept(self) -> PlanCache:
        """Return a new cache for what is computed from the bindings.

        It is emptied by the first request that finds other bindings.
        """
        return self._plan_caches.add(PlanCache())

    async def enter(self, opened: AsyncExitStack) -> tuple[di.ScopeState, _OneAtATime]:
        """Return the state of ``di`` for one request, which is closed with ``opened``, and its executor."""
        container = self.solver.container
        if self.lasting is None:
            self.lasting = await _enter(container, self._lasting, None, self._opened)
        state = await _enter(container, self._per_request, self.lasting, opened)
        return state, _OneAtATime(self._flights | {name: SingleFlight() for name in self._per_request})

    def check(self, types: Iterable[type]) -> list[WiringProblem]:
        """Return what will stop ``di`` from building ``types``. Builds nothing."""
        found: dict[object, DependencyError] = {}
        for error in (error for type_ in types for error in self.solver.problems(type_)):
            found.setdefault((error.problem, error.remedy), error)
        return problems_of(found.values())

    def origins_of(self, types: Iterable[type]) -> Origins:
        """Yield what makes ``types`` and all they need, each with the path of types to it. Builds nothing."""
        for type_ in types:
            yield from self.solver.origins(type_)

    async def aclose(self) -> None:
        """Close what lasts longer than a request, the last made first. It is made again if it is needed again."""
        self.lasting = None
        self._forget_ready()
        await self._opened.aclose()

    def _forget_ready(self) -> None:
        if self._solver is not None:
            self._solver.ready.clear()

    @property
    def solver(self) -> Solver:
        """Return the solver of the attached container. Raises ``WiringError`` if none is attached."""
        if self._solver is None:
            remedy = "Pass one, DIContainer(container), or call attach_external_container(container)"
            raise WiringError([WiringProblem("DIContainer", "no container is attached to it", remedy)])
        return self._solver


class DIScope(EndedAtExit):
    """The instances of one request. Made by :meth:`DIContainer.scope`; see ``LightScope``."""

    container: ClassVar[DIContainer]

    opened: AsyncExitStack | None = None
    _entered: tuple[di.ScopeState, _OneAtATime] | None = None
    _shared: dict[Any, Any] | None = None

    async def resolve(self, type_: Callable[..., T]) -> T:
        """Return an instance of ``type_``. Raises ``DependencyError`` if it, or what it needs, cannot be made."""
        if self.ended:
            raise after_the_end(type_)
        solver = self.container.solver
        quick = solver.quick(type_)
        made: T
        if quick is not None:
            if self._shared is None:
                self._shared = {}
            try:
                made = quick.made(self.container.lasting, self._shared)
            except NotAtOnce:
                pass
            else:
                return made
        state, executor = self._entered or await self._enter()
        made = await solver.solve(type_).execute_async(executor, state)
        return made

    async def _enter(self) -> tuple[di.ScopeState, _OneAtATime]:
        self.opened = AsyncExitStack()
        self._entered = state, _ = await self.container.enter(self.opened)
        shared: Any = state.cached_values[REQUEST]
        shared.update(self._shared or {})  # instances made before belong to the request, too
        self._shared = shared
        return self._entered


class _OneAtATime:
    """An executor that lets two tasks which need the same instance at the same time get the same one."""

    __slots__ = ("_flights",)

    def __init__(self, flights: Mapping[Scope, SingleFlight]) -> None:
        self._flights = flights

    async def execute_async(self, tasks: SupportsTaskGraph, state: Any) -> None:
        for task in tasks.static_order():
            computing: Any = task.compute(state)  # None if done, or a coroutine that first looks into the cache
            key = getattr(task, "cache_key", None)
            if computing is None:
                continue
            if key is None:
                await computing
                continue
            flight = self._flights[getattr(task, "scope", REQUEST)]
            try:
                token = await flight.enter(key, key[-1])
            except BaseException:
                computing.close()
                raise
            try:
                await computing
            finally:
                flight.leave(key, token)


async def _enter(
    container: di.Container, scopes: Iterable[Scope], state: di.ScopeState | None, opened: AsyncExitStack
) -> Any:
    for scope in scopes:
        state = await opened.enter_async_context(container.enter_scope(scope, state))
    return state
