"""How one type is made, with the plans of all it needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cqrs._introspection.generics import type_names
from cqrs.container.resolving.shortcut import assembled, made_before, shared
from cqrs.errors.wiring import DependencyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqrs.container.resolving.provider import Lifetime, Parameter, Provider
    from cqrs.container.resolving.shortcut import Make

    Path = tuple[Any, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """How one type is made. Without a ``provider``, by asking the source for ``key``."""

    key: Any  # what it is shared under
    provider: Provider | None
    lifetime: Lifetime
    args: tuple[Plan, ...] = ()
    kwargs: tuple[tuple[str, Plan], ...] = ()
    per_request: Path = ()  # the types that lead from here to what lives per request
    unclosed: Path = ()  # the types that lead from here to what is closed with whoever asked for it
    short: Make | None = None  # the whole way in one call, where it takes neither an await nor a scope
    quick: Make | None = None  # the same, also where something was made before that takes an await
    looks: tuple[Make, ...] = ()  # they raise NotAtOnce as long as such a thing has not been made
    anew: Make | None = None  # what a request makes once, in one call


@dataclass(frozen=True, slots=True)
class Injection:
    """What a parameter is filled with, by its position or by its name."""

    parameter: Parameter
    by_name: bool
    plan: Plan


def plan_of(
    key: Any, provider: Provider, injections: Sequence[Injection], path: Path, singletons: dict[Any, Any]
) -> Plan:
    """The plan for what ``path`` ends with. Raises ``DependencyError`` if it would outlive what it is made of."""
    per_request: Path = next((i.plan.per_request for i in injections if i.plan.per_request), ())
    unclosed: Path = next((i.plan.unclosed for i in injections if i.plan.unclosed), ())
    args = tuple(i.plan for i in injections if not i.by_name)
    kwargs = {i.parameter.name: i.plan for i in injections if i.by_name}
    here = path[-1:]
    if provider.lifetime == "singleton":
        if per_request:
            raise _captive(path, per_request)
        unclosed = ()  # it closes what it is made of
    elif provider.lifetime == "request":
        per_request = here
    elif per_request:
        per_request = here + per_request
    if provider.lifetime != "singleton" and provider.kind in ("context", "async context"):
        unclosed = here
    elif unclosed:
        unclosed = here + unclosed
    quick, looks, anew = _quick(key, provider, args, kwargs, singletons)
    short = None if looks else quick
    path_of = (per_request, unclosed)
    return Plan(key, provider, provider.lifetime, args, tuple(kwargs.items()), *path_of, short, quick, looks, anew)


def _quick(
    key: Any, provider: Provider, args: Sequence[Plan], kwargs: dict[str, Plan], singletons: dict[Any, Any]
) -> tuple[Make | None, tuple[Make, ...], Make | None]:
    by_position = [part.quick for part in args if part.quick is not None]
    by_name = {name: part.quick for name, part in kwargs.items() if part.quick is not None}
    looks = tuple(dict.fromkeys(look for part in (*args, *kwargs.values()) for look in part.looks))
    at_once = provider.kind == "plain" and len(by_position) + len(by_name) == len(args) + len(kwargs)
    if provider.lifetime == "singleton" and (looks or not at_once):
        look = made_before(key, singletons)
        return look, (look,), None
    if not at_once:
        return None, (), None
    make = assembled(provider.factory, by_position, by_name)
    if provider.lifetime == "request":
        return None, (), None if looks else make
    return (shared(make, key, singletons) if provider.lifetime == "singleton" else make), looks, None


def _captive(path: Path, per_request: Path) -> DependencyError:
    name, short_lived = type_names(path[-1], per_request[-1])
    problem = f"the singleton {name} would outlive {short_lived}, which lives per request"
    return DependencyError(per_request[-1], path + per_request, problem, f'Bind {name} with lifetime="request"')
