"""The request scopes of the default resolver."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from cqrs._introspection.generics import type_name
from cqrs.container.closing import EndedAtExit
from cqrs.container.resolving.instances import Instances
from cqrs.container.resolving.single_flight import made_elsewhere
from cqrs.container.resolving.source import Source
from cqrs.errors.wiring import DependencyError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqrs.container.resolving.plan import Plan
    from cqrs.container.resolving.planner import Planner
    from cqrs.container.resolving.source import RequestSource

T = TypeVar("T")


def after_the_end(type_: Any) -> DependencyError:
    """Return the error for a task that resolves something after its request, because that would never be closed."""
    problem = f"{type_name(type_)} was asked for after the end of its request"
    return DependencyError(type_, (type_,), problem, "Open a scope there: async with container.scope() as scope")


def scopes_of(planner: Planner, singletons: Instances, source: Source | None) -> type[RequestScope]:
    """Make the class of a resolver's request scopes.

    Each resolver has a class of its own, so that making a scope takes no Python call besides that of the class.
    """
    return type("RequestScope", (RequestScope,), {"planner": planner, "singletons": singletons, "source": source})


class RequestScope(EndedAtExit):
    """The instances of one request. Made by ``Resolver.scope``; see ``LightScope``."""

    planner: ClassVar[Planner]
    singletons: ClassVar[Instances]
    source: ClassVar[Source | None]

    request_source: RequestSource | None = None
    opened: Instances | None = None

    async def resolve(self, type_: Callable[..., T]) -> T:
        """Return an instance of ``type_``. Raises ``DependencyError`` if it, or what it needs, cannot be made."""
        if self.ended:
            raise after_the_end(type_)
        plan = self.planner.plan(type_)
        made: T = plan.short() if plan.short is not None else await self.get(plan, self.opened or self._open())
        return made

    async def get(self, plan: Plan, owner: Instances) -> Any:
        """Return the instance that ``plan`` describes, new or shared. If it is transient, ``owner`` will close it."""
        if plan.provider is None:
            request_source = self.request_source or await self._open_source()
            with made_elsewhere(plan.key):
                return await request_source.get(plan.key)
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
            await opened.__aexit__(type(error), error, error.__traceback__)
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
        assert plan.provider is not None  # noqa: S101  # what comes from the source is not made here
        return await owner.call(plan.provider, args, kwargs)

    def _open(self) -> Instances:
        self.opened = opened = Instances()
        return opened

    async def _open_source(self) -> RequestSource:
        """Return the scope of the source. It is opened when it is first needed, and closed with this scope."""
        source = self.source
        assert source is not None  # noqa: S101  # only a source makes plans without a provider

        instances = self.opened or self._open()

        async def opened() -> None:
            scope = source.scope()
            self.request_source = source if scope is None else await instances.enter(scope)

        await instances.get_or_make(Source, opened)
        assert self.request_source is not None  # noqa: S101  # it was opened here, or by another task before
        return self.request_source
