"""One request scope of the default resolver."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from cqrs.container.instances import Instances

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager
    from types import TracebackType
    from typing import Self

    from cqrs.container.provider import Provider
    from cqrs.container.resolver import Resolver

T = TypeVar("T")


class Source(Protocol):
    """Another container that a resolver asks for whatever was not bound in itself."""

    def provides(self, type_: Any) -> bool:
        """Whether :meth:`get` can give ``type_``."""
        ...

    async def get(self, type_: Any) -> Any:
        """An instance of ``type_``."""
        ...

    def scope(self) -> AbstractAsyncContextManager[Source]:
        """Opens a request scope and gives its source."""
        ...


class RequestScope:
    """What one request uses. Made by :meth:`Resolver.scope`."""

    __slots__ = ("_instances", "_opening", "_resolver", "_source")

    def __init__(self, resolver: Resolver, opening: AbstractAsyncContextManager[Source] | None) -> None:
        self._resolver = resolver
        self._opening = opening
        self._source: Source | None = None
        self._instances = Instances()

    async def resolve(self, type_: type[T]) -> T:
        """An instance of ``type_``. Raises ``DependencyError`` if it, or something it needs, cannot be made."""
        provider = self._resolver.provider(type_, (type_,))
        if provider is None:
            assert self._source is not None  # noqa: S101  # only a source makes the provider None
            found: T = await self._source.get(type_)
            return found
        if provider.lifetime == "transient":
            made: T = await self._make(provider, self._instances)
            return made
        instances = self._resolver.singletons if provider.lifetime == "singleton" else self._instances
        shared: T = await instances.get_or_make(type_, lambda: self._make(provider, instances))
        return shared

    async def __aenter__(self) -> Self:
        if self._opening is not None:
            self._source = await self._opening.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            await self._instances.aclose(error)
        finally:
            if self._opening is not None:
                await self._opening.__aexit__(kind, error, traceback)

    async def _make(self, provider: Provider, instances: Instances) -> Any:
        args: list[Any] = []
        kwargs: dict[str, Any] = {}
        for parameter in self._resolver.injected(provider):
            value = await self.resolve(parameter.type_)
            if parameter.keyword:
                kwargs[parameter.name] = value
            else:
                args.append(value)
        return await instances.call(provider, args, kwargs)
