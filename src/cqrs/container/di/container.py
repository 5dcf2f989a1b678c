"""Handlers from a container of the library ``di``."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from cqrs._arguments import Needed, check
from cqrs._introspection.generics import type_name
from cqrs._registries.compiled import Keepers, Kept
from cqrs.container.di.solving import REQUEST, Solver
from cqrs.container.origin import called_in
from cqrs.container.resolving.request_scope import after_the_end
from cqrs.container.resolving.shortcut import NotAtOnce
from cqrs.container.resolving.single_flight import Turnstile
from cqrs.errors.wiring import DependencyError, WiringError, WiringProblem, problems_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from types import TracebackType

    import di
    from di.api.executor import SupportsTaskGraph
    from di.api.scopes import Scope

    from cqrs.container.origin import Origins

T = TypeVar("T")

_CONTAINER = Needed("a di.Container()", ("bind", "solve"))


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
        self._keepers = Keepers()
        self._opened = AsyncExitStack()
        self.lasting: di.ScopeState | None = None
        self._turnstiles = {scope: Turnstile() for scope in self._lasting}
        self._per_request = scopes[len(self._lasting) :]
        # A class of its own: to make a scope is then no call of ours.
        self.light_scope: type[DIScope] = type("DIScope", (DIScope,), {"container": self})
        if container is not None:
            self.attach_external_container(container)

    @property
    def external_container(self) -> di.Container:
        """The ``di`` container. Raises ``WiringError`` if none is attached."""
        return self.solver.container

    def attach_external_container(self, container: di.Container) -> None:
        """Build with ``container`` from now on."""
        self._forget_ready()
        check("container", container, _CONTAINER)
        self._solver = Solver(container, self._scopes, self._keepers.empty)

    async def resolve(self, type_: Callable[..., T]) -> T:
        """An instance of ``type_``, outside of any request.

        Raises ``DependencyError`` if it cannot be made, or if something would have to be closed at the end of the
        request: that takes a scope, ``async with container.scope() as scope``.
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

    scoped = True  # what has no scope lives per request

    def scope(self) -> DIScope:
        """A request scope: what has the scope ``"request"`` is made once within it and closed at its end."""
        return self.light_scope()

    def constructor(self, type_: type[T]) -> Callable[[], T] | None:  # noqa: ARG002  # a resolver has it
        """Always ``None``: what is bound later on may need a request scope."""
        return None

    def shortcut(self, type_: type[T]) -> Callable[[], T] | None:
        """A function that makes ``type_`` at once, where no other thing is made with it.

        It raises ``NotAtOnce`` when something else has been bound, or was not made yet.
        """
        solver = self.solver
        try:
            quick = solver.quick(type_)
        except DependencyError:  # which a scope will tell
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
        """Whether everybody who asks for ``type_`` gets one of his own: it is a class that is not shared."""
        try:
            root = self.solver.solve(type_).dependency
        except DependencyError:  # which a scope will tell
            return False
        return not root.use_cache and isinstance(called_in(root.call), type)

    def kept(self) -> Kept:
        """For what is compiled from the bindings. It is empty again after the request that finds others."""
        return self._keepers.add(Kept())

    async def enter(self, opened: AsyncExitStack) -> tuple[di.ScopeState, _OneAtATime]:
        """What ``di`` keeps for one request, which is closed with ``opened``."""
        container = self.solver.container
        if self.lasting is None:
            self.lasting = await _enter(container, self._lasting, None, self._opened)
        state = await _enter(container, self._per_request, self.lasting, opened)
        return state, _OneAtATime(self._turnstiles | {name: Turnstile() for name in self._per_request})

    def check(self, types: Iterable[type]) -> list[WiringProblem]:
        """What will stop ``di`` from building ``types``. Builds nothing."""
        found: dict[object, DependencyError] = {}
        for error in (error for type_ in types for error in self.solver.problems(type_)):
            found.setdefault((error.problem, error.remedy), error)
        return problems_of(found.values())

    def origins_of(self, types: Iterable[type]) -> Origins:
        """What makes ``types`` and all that they need, each with the way to it. Builds nothing."""
        for type_ in types:
            yield from self.solver.origins(type_)

    async def aclose(self) -> None:
        """Close what lasts longer than a request, the last made first. It is made anew if it is needed again."""
        self.lasting = None
        self._forget_ready()
        await self._opened.aclose()

    def _forget_ready(self) -> None:
        if self._solver is not None:
            self._solver.ready.clear()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    @property
    def solver(self) -> Solver:
        """What knows how things are made. Raises ``WiringError`` if no container is attached."""
        if self._solver is None:
            remedy = "Pass one, DIContainer(container), or call attach_external_container(container)"
            raise WiringError([WiringProblem("DIContainer", "no container is attached to it", remedy)])
        return self._solver


class DIScope:
    """What one request uses. Made by :meth:`DIContainer.scope`; see ``LightScope``."""

    container: ClassVar[DIContainer]

    opened: AsyncExitStack | None = None
    ended = False
    _entered: tuple[di.ScopeState, _OneAtATime] | None = None
    _shared: dict[Any, Any] | None = None

    async def resolve(self, type_: Callable[..., T]) -> T:
        """An instance of ``type_``. Raises ``DependencyError`` if it, or something it needs, cannot be made."""
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
        shared.update(self._shared or {})  # what was made the short way is the request's, too
        self._shared = shared
        return self._entered

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.ended = True
        if self.opened is not None:
            await self.opened.__aexit__(kind, error, traceback)


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
                token = await turnstile.enter(key, key[-1])
            except BaseException:
                computing.close()
                raise
            try:
                await computing
            finally:
                turnstile.leave(key, token)


async def _enter(
    container: di.Container, scopes: Iterable[Scope], state: di.ScopeState | None, opened: AsyncExitStack
) -> Any:
    for scope in scopes:
        state = await opened.enter_async_context(container.enter_scope(scope, state))
    return state
