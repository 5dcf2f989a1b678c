"""The containers that a program may have, filled from one list of bindings."""

from __future__ import annotations

import dataclasses
import inspect
import typing
from typing import TYPE_CHECKING, Any, Literal

import di
import dishka
from dependency_injector import containers, providers
from di import dependent
from sqlalchemy.ext.asyncio import AsyncSession

import cqrs
from cqrs.container.dependency_injector.container import DependencyInjectorCQRSContainer
from tests.natural.messages import ProgramError

if TYPE_CHECKING:
    from collections.abc import Callable

Lives = Literal["object", "singleton", "request", "transient", "opened"]


@dataclasses.dataclass(frozen=True, slots=True)
class Binding:
    """`source` gives what `type_` asks for: an object, a class, a function that makes it, or one that opens it.

    `opened` is a function that yields it, once for each request.
    """

    type_: Any
    source: Any
    lives: Lives = "request"


def resolver(bindings: list[Binding]) -> Any:
    container = cqrs.Resolver()
    for binding in bindings:
        if binding.lives == "object":
            container.bind_instance(binding.type_, binding.source)
        else:
            lifetime: Any = "request" if binding.lives == "opened" else binding.lives
            container.bind(binding.type_, binding.source, lifetime=lifetime)
    return container


def di_container(bindings: list[Binding]) -> Any:
    container = di.Container()
    for binding in bindings:
        source, scope, cached = binding.source, "request", binding.lives != "transient"
        if binding.lives == "object":
            source, scope = _giving(binding.source), "singleton"
        elif binding.lives == "singleton":
            scope = "singleton"
        container.bind(di.bind_by_type(dependent.Dependent(source, scope=scope, use_cache=cached), binding.type_))
    return container


def dependency_injector(bindings: list[Binding]) -> Any:
    """It has no requests: what lives for one is bound in the adapter, as its page says."""
    container = containers.DynamicContainer()
    adapter = DependencyInjectorCQRSContainer()
    given: dict[Any, Any] = {}
    for place, binding in enumerate(bindings):
        if binding.lives == "object":
            given[binding.type_] = providers.Object(binding.source)
        elif binding.lives == "singleton":
            needs = {name: given[type_] for name, type_ in _needs(binding.source).items()}
            given[binding.type_] = providers.Singleton(binding.source, **needs)
        else:
            continue
        container.set_provider(f"part_{place}", given[binding.type_])
    adapter.attach_external_container(container)
    for binding in bindings:
        if binding.lives in {"opened", "request", "transient"}:
            lifetime: Any = "transient" if binding.lives == "transient" else "request"
            adapter.bind(binding.type_, binding.source, lifetime=lifetime)
    return adapter


def dishka_container(bindings: list[Binding]) -> Any:
    provider = dishka.Provider()
    for binding in bindings:
        source: Any = _giving(binding.source) if binding.lives == "object" else binding.source
        lasts = binding.lives in {"object", "singleton"}
        provider.provide(
            source,
            provides=binding.type_,
            scope=dishka.Scope.APP if lasts else dishka.Scope.REQUEST,
            cache=binding.lives != "transient",
        )
    return dishka.make_async_container(provider)


class Handwritten:
    """Builds handlers from the annotations of their constructors. It knows no requests: each asks for things anew."""

    def __init__(self, bindings: list[Binding]) -> None:
        self._bindings = {binding.type_: binding for binding in bindings}
        self._kept: dict[Any, Any] = {}

    def resolve(self, type_: Any) -> Any:
        binding = self._bindings.get(type_)
        if binding is None:
            if not type_.__module__.startswith(__package__) or issubclass(type_, AsyncSession):
                raise ProgramError(type_)
            return self._built(type_)
        if binding.lives == "object":
            return binding.source
        if binding.lives == "singleton":
            if type_ not in self._kept:
                self._kept[type_] = self._built(binding.source)
            return self._kept[type_]
        if binding.lives == "opened":
            return binding.source.plain()
        return self._built(binding.source)

    def _built(self, source: Any) -> Any:
        return source(**{name: self.resolve(type_) for name, type_ in _needs(source).items()})


def _needs(source: Any) -> dict[str, Any]:
    if inspect.isclass(source):
        if source.__init__ is object.__init__:
            return {}
        source = source.__init__
    return {name: type_ for name, type_ in typing.get_type_hints(source).items() if name != "return"}


def _giving(it: Any) -> Callable[[], Any]:
    return lambda: it


CONTAINERS: dict[str, Callable[[list[Binding]], Any]] = {
    "the default one": resolver,
    "di": di_container,
    "dependency-injector": dependency_injector,
    "dishka": dishka_container,
    "a hand-written one": Handwritten,
}
