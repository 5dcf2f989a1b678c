"""One request scope of the default resolver."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from cqrs._introspection.generics import type_name
from cqrs.container.resolving.instances import Instances
from cqrs.container.resolving.single_flight import given
from cqrs.container.resolving.source import Source
from cqrs.errors.wiring import DependencyError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from cqrs.container.resolving.plan import Plan
    from cqrs.container.resolving.planner import Planner
    from cqrs.container.resolving.source import Giver

T = TypeVar("T")


def after_the_end(type_: Any) -> DependencyError:
    """The error of a task that outlives its request and asks for more, which nobody would close."""
    problem = f"{type_name(type_)} was asked for after the end of its request"
    return DependencyError(type_, (type_,), problem, "Open a scope there: async with container.scope() as scope")


def scopes_of(planner: Planner, singletons: Instances, source: Source | None) -> type[RequestScope]:
    """The class of a resolver's request scopes. It has one of its own: to make a scope is then no call of ours."""
    return type("RequestScope", (RequestScope,), {"planner": planner, "singletons": singletons, "source": source})


class RequestScope:
    """What one request uses. Made by ``Resolver.scope``; see ``LightScope``."""

    planner: ClassVar[Planner]
    singletons: ClassVar[Instances]
    source: ClassVar[Source | None]

    giver: Giver | None = None
    opened: Instances | None = None
    ended = False

    async def resolve(self, type_: Callable[..., T]) -> T:
        """An instance of ``type_``. Raises ``DependencyError`` if it, or something it needs, cannot be made."""
        if self.ended:
            raise after_the_end(type_)
        plan = self.planner.plan(type_)
        made: T = plan.short() if plan.short is not None else await self.get(plan, self.opened or self._open())
        return made

    async def get(self, plan: Plan, owner: Instances) -> Any:
        """What ``plan`` tells how to make, new or shared. If it lives for nobody else, ``owner`` closes it."""
        if plan.provider is None:
            giver = self.giver or await self._open_source()
            with given(plan.key):
                return await giver.get(plan.key)
        if plan.lifetime == "transient":
            return await self._make(plan, owner)
        instances = (self.opened or self._open()) if plan.lifetime == "request" else self.singletons
        if plan.key in instances.made:
            return instances.made[plan.key]
        if instances is self.singletons:
            return await instances.get_or_make(plan.key, lambda: self._make_singleton(plan))
        if plan.anew is not None:
            instances.made[plan.key] = made = plan.anew()
            return made
        return await instances.get_or_make(plan.key, lambda: self._make(plan, instances))

    async def _make_singleton(self, plan: Plan) -> Any:
        opened = Instances()
        try:
            made = await self._make(plan, opened)
        except BaseException as error:
            await opened.aclose(error)
            raise
        self.singletons.keep(opened)
        return made

    async def _make(self, plan: Plan, owner: Instances) -> Any:
        args: list[Any] = []
        for part in plan.args:
            args.append(part.short() if part.short is not None else await self.get(part, owner))  # noqa: PERF401  # 4x
        kwargs: dict[str, Any] = {}
        for name, part in plan.kwargs:
            kwargs[name] = part.short() if part.short is not None else await self.get(part, owner)
        assert plan.provider is not None  # noqa: S101  # what the source gives is not made here
        return await owner.call(plan.provider, args, kwargs)

    def _open(self) -> Instances:
        self.opened = opened = Instances()
        return opened

    async def _open_source(self) -> Giver:
        """The scope of the source: opened when something is first taken from it, and closed with this one."""
        source = self.source
        assert source is not None  # noqa: S101  # only a source makes plans without a provider

        instances = self.opened or self._open()

        async def opened() -> None:
            scope = source.scope()
            self.giver = source if scope is None else await instances.enter(scope)

        await instances.get_or_make(Source, opened)
        assert self.giver is not None  # noqa: S101  # it was opened here, or by whoever came first
        return self.giver

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.ended = True
        if self.opened is not None:
            await self.opened.aclose(error)
