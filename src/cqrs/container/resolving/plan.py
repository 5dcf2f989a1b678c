"""The plan of how one type is made, with the plans of all it needs."""

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
    """How one type is made: by ``provider``, or without one by asking the source for ``key``."""

    key: Any  # under which the instance is shared
    provider: Provider | None
    lifetime: Lifetime
    args: tuple[Plan, ...] = ()
    kwargs: tuple[tuple[str, Plan], ...] = ()
    per_request: Path = ()  # the types that lead from here to one that lives per request
    unclosed: Path = ()  # the types that lead from here to one that must be closed by its owner
    short: Make | None = None  # makes it in one call, if that needs neither an await nor a scope
    quick: Make | None = None  # like `short`, but parts that need an await must have been made before
    checks: tuple[Make, ...] = ()  # they raise NotAtOnce as long as such a thing has not been made
    anew: Make | None = None  # makes in one call what each request makes once


@dataclass(frozen=True, slots=True)
class Injection:
    """The plan for a parameter, which is passed by position or by name."""

    parameter: Parameter
    by_name: bool
    plan: Plan


def plan_of(
    key: Any, provider: Provider, injections: Sequence[Injection], path: Path, singletons: dict[Any, Any]
) -> Plan:
    """Return the plan for the last type of ``path``. Raises ``DependencyError`` if it would outlive what it needs."""
    per_request: Path = next((i.plan.per_request for i in injections if i.plan.per_request), ())
    unclosed: Path = next((i.plan.unclosed for i in injections if i.plan.unclosed), ())
    args = tuple(i.plan for i in injections if not i.by_name)
    kwargs = {i.parameter.name: i.plan for i in injections if i.by_name}
    here = path[-1:]
    if provider.lifetime == "singleton":
        if per_request:
            raise _captive(path, per_request)
        unclosed = ()  # the singleton closes what was opened for it
    elif provider.lifetime == "request":
        per_request = here
    elif per_request:
        per_request = here + per_request
    if provider.lifetime != "singleton" and provider.kind in ("context", "async context"):
        unclosed = here
    elif unclosed:
        unclosed = here + unclosed
    quick, checks, anew = _quick(key, provider, args, kwargs, singletons)
    short = None if checks else quick
    path_of = (per_request, unclosed)
    return Plan(key, provider, provider.lifetime, args, tuple(kwargs.items()), *path_of, short, quick, checks, anew)


def _quick(
    key: Any, provider: Provider, args: Sequence[Plan], kwargs: dict[str, Plan], singletons: dict[Any, Any]
) -> tuple[Make | None, tuple[Make, ...], Make | None]:
    by_position = [part.quick for part in args if part.quick is not None]
    by_name = {name: part.quick for name, part in kwargs.items() if part.quick is not None}
    checks = tuple(dict.fromkeys(check for part in (*args, *kwargs.values()) for check in part.checks))
    at_once = provider.kind == "plain" and len(by_position) + len(by_name) == len(args) + len(kwargs)
    if provider.lifetime == "singleton" and (checks or not at_once):
        check = made_before(key, singletons)
        return check, (check,), None
    if not at_once:
        return None, (), None
    make = assembled(provider.factory, by_position, by_name)
    if provider.lifetime == "request":
        return None, (), None if checks else make
    return (shared(make, key, singletons) if provider.lifetime == "singleton" else make), checks, None


def _captive(path: Path, per_request: Path) -> DependencyError:
    name, short_lived = type_names(path[-1], per_request[-1])
    problem = f"the singleton {name} would outlive {short_lived}, which lives per request"
    return DependencyError(per_request[-1], path + per_request, problem, f'Bind {name} with lifetime="request"')
