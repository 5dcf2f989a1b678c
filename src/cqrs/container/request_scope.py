"""One request scope of the default resolver."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from cqrs._generics import type_name
from cqrs.container.instances import Instances
from cqrs.errors.wiring import DependencyError

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager
    from types import TracebackType
    from typing import Self

    from cqrs.container.plan import Plan
    from cqrs.container.planner import Planner
    from cqrs.container.source import Giver, Source

T = TypeVar("T")


def after_the_end(type_: Any) -> DependencyError:
    """The error of a task that outlives its request and asks for more, which nobody would close."""
    problem = f"{type_name(type_)} was asked for after the end of its request"
    return DependencyError(type_, (type_,), problem, "Open a scope there: async with container.scope() as scope")


class RequestScope:
    """What one request uses. Made by ``Resolver.scope``."""

    __slots__ = ("_ended", "_giver", "_instances", "_opening", "_planner", "_singletons", "_source")

    def __init__(self, planner: Planner, singletons: Instances, source: Source | None) -> None:
        self._planner = planner
        self._singletons = singletons
        self._source = source
        self._giver: Giver | None = source
        self._opening: AbstractAsyncContextManager[Giver] | None = None
        self._instances = Instances()
        self._ended = False

    async def resolve(self, type_: Callable[..., T]) -> T:
        """An instance of ``type_``. Raises ``DependencyError`` if it, or something it needs, cannot be made."""
        if self._ended:
            raise after_the_end(type_)
        plan = self._planner.plan(type_)
        made: T = plan.short() if plan.short is not None else await self.get(plan, self._instances)
        return made

    async def get(self, plan: Plan, owner: Instances) -> Any:
        """What ``plan`` tells how to make, new or shared. If it lives for nobody else, ``owner`` closes it."""
        if plan.provider is None:
            assert self._giver is not None  # noqa: S101  # only a source makes plans without a provider
            return await self._giver.get(plan.key)
        if plan.lifetime == "transient":
            return await self._make(plan, owner)
        instances = self._instances if plan.lifetime == "request" else self._singletons
        if plan.key in instances.made:
            return instances.made[plan.key]
        if instances is self._singletons:
            return await instances.get_or_make(plan.key, lambda: self._make_singleton(plan))
        return await instances.get_or_make(plan.key, lambda: self._make(plan, instances))

    async def _make_singleton(self, plan: Plan) -> Any:
        opened = Instances()
        try:
            made = await self._make(plan, opened)
        except BaseException as error:
            await opened.aclose(error)
            raise
        self._singletons.keep(opened)
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

    async def __aenter__(self) -> Self:
        if self._source is not None:
            self._opening = self._source.scope()
            if self._opening is not None:
                self._giver = await self._opening.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ended = True
        try:
            await self._instances.aclose(error)
        finally:
            if self._opening is not None:
                await self._opening.__aexit__(kind, error, traceback)
