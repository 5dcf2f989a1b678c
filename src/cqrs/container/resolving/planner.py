"""Works out how each type is made, once, so that a request need not look it up again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_origin

from cqrs._introspection.generics import type_name
from cqrs._introspection.hints import names_of, unaliased, without_metadata
from cqrs._registries.compiled import PlanCaches
from cqrs.container.builtin import BUILT_IN
from cqrs.container.origin import Origin, made_by, shown
from cqrs.container.resolving.autowiring import autowired, how_to_bind, how_to_bind_value
from cqrs.container.resolving.plan import Injection, Plan, plan_of
from cqrs.container.resolving.provider import provider_of
from cqrs.container.session_types import session_class
from cqrs.errors.wiring import DependencyError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cqrs.container.origin import Origins
    from cqrs.container.resolving.plan import Path
    from cqrs.container.resolving.provider import Parameter, Provider
    from cqrs.container.resolving.source import Source


class Planner:
    """Makes the plans from the bindings, and keeps them until something else is bound."""

    def __init__(self, source: Source | None, singletons: dict[Any, Any]) -> None:
        self.bound: dict[Any, Provider] = {}
        self._source = source
        self._singletons = singletons
        self._plans: dict[Any, Plan] = {}
        self.plan_caches = PlanCaches()

    def forget(self) -> None:
        """Drop all plans and what was computed from them, because something was bound."""
        self._plans.clear()
        self.plan_caches.clear()

    def knows(self, type_: Any) -> bool:
        """Whether ``type_`` is bound, or provided by the source."""
        return self._find(type_) is not None

    def plan(self, type_: Any) -> Plan:
        """Return the plan of ``type_``. Raises the first ``DependencyError`` if it cannot be made."""
        plan = self._plans.get(type_)
        if plan is None:
            found: list[DependencyError] = []
            plan = self.explore(type_, found, set())
            if plan is None:
                raise found[0]
        return plan

    def explore(self, type_: Any, found: list[DependencyError], failed: set[Any], path: Path = ()) -> Plan | None:
        """Return the plan of ``type_``, or add the reasons why it cannot be made to ``found``.

        ``failed`` collects the types that cannot be made, so that each is reported once.
        """
        type_ = unaliased(type_)
        if type_ in self._plans:
            return self._plans[type_]
        if type_ in failed:
            return None
        here = (*path, type_)
        plan = None
        try:
            if type_ not in path:
                plan = self._explore(type_, found, failed, here)
            else:
                problem = f"{type_name(type_)} needs itself"
                found.append(DependencyError(type_, here, problem, "Break the circle with a factory or an event"))
        except DependencyError as error:
            found.append(error if error.path else DependencyError(type_, here, error.problem, error.remedy))
        if plan is None:
            failed.add(type_)
        else:
            self._plans[type_] = plan
        return plan

    def origins(self, type_: Any, seen: set[Any], path: Path = ()) -> Origins:
        """Yield what makes ``type_`` and all it needs, each once, even if something on the way cannot be made."""
        type_ = unaliased(type_)
        if type_ in seen:
            return
        seen.add(type_)
        here = (*path, type_)
        try:
            key, provider = self._provider(type_, here)
        except DependencyError:
            if session_class(type_) is not None:
                yield here, Origin("nothing", None, "", self._how_to_bind)
            return
        if provider is None or provider.how == "source":
            assert self._source is not None  # noqa: S101  # without a provider it comes from the source
            for way, origin in self._source.origins(key if provider is None else provider.given):
                yield (*here, *way[1:]), origin
            return
        injected = [parameter.type_ for parameter, _ in self._injected(provider)]
        yield here, self._origin(key, provider, injected)
        for needed in injected:
            yield from self.origins(needed, seen, here)

    def _origin(self, key: Any, provider: Provider, needs: list[Any]) -> Origin:
        name, given = type_name(key), provider.given
        if provider.how == "value":
            return Origin("value", given, f"container.bind_instance({name}, ...)", how_to_bind_value)
        binding = f"container.bind({name})" if given is key else f"container.bind({name}, {shown(given)})"
        return Origin(made_by(given), given, binding, how_to_bind_value, tuple(needs))

    def _how_to_bind(self, name: str, value: str) -> str:
        return (how_to_bind_value if self._source is None else self._source.how_to_bind)(name, value)

    def _provider(self, type_: Any, here: Path) -> tuple[Any, Provider | None]:
        """Return the key of ``type_`` and its provider, or ``None`` as provider if the source makes it."""
        key = self._find(type_)
        if key is None:
            key = without_metadata(type_)
            return key, autowired(key, here, how_to_bind if self._source is None else self._source.remedy)
        provider, exact = self.bound.get(key), without_metadata(type_)
        if provider is not None and provider.given is key and get_origin(exact) is key:
            return exact, provider_of(exact, provider.lifetime, here)  # `Service[User]` is not `Service[Order]`
        return key, provider or BUILT_IN.get(key)

    def _explore(self, type_: Any, found: list[DependencyError], failed: set[Any], here: Path) -> Plan | None:
        key, provider = self._provider(type_, here)
        if provider is None:
            assert self._source is not None  # noqa: S101  # without a provider it comes from the source
            lifetime = self._source.lifetime(key)
            quick, checks = self._source.quick(key)
            per_request = (type_,) if lifetime == "request" else ()
            return Plan(key, None, lifetime, per_request=per_request, quick=quick, checks=checks)
        injections: list[Injection] = []
        injected = list(self._injected(provider))
        for parameter, by_name in injected:
            plan = self.explore(parameter.type_, found, failed, here)
            if plan is not None:
                injections.append(Injection(parameter, by_name, plan))
        if len(injections) < len(injected):
            return None
        return plan_of(key, provider, injections, here, self._singletons)

    def _find(self, type_: Any) -> Any:
        """Return the key under which ``type_`` is bound or provided by the source, or ``None``."""
        type_ = unaliased(type_)
        for name in names_of(type_):
            if name in self.bound or name in BUILT_IN:
                return name
        if self._source is not None:
            for name in (type_, without_metadata(type_)):
                if self._source.provides(name):
                    return name
        return None

    def _injected(self, provider: Provider) -> Iterator[tuple[Parameter, bool]]:
        """Yield the parameters to inject, each with whether to pass it by name.

        These are all without a default, and those whose type is bound.
        """
        skipped = False
        for parameter in provider.parameters:
            if parameter.optional and (parameter.type_ is None or self._find(parameter.type_) is None):
                skipped = True
            elif parameter.by_position and not skipped:
                yield parameter, False
            elif parameter.by_name:
                yield parameter, True
