"""Finds what will stop a provider of a dependency-injector container from making its object."""

from __future__ import annotations

import inspect
from typing import Any

from cqrs._introspection.generics import type_name
from cqrs.container.dependency_injector.types import in_effect, providers

_ABSTRACT = (
    *(providers.AbstractFactory, providers.AbstractSingleton),
    *(providers.AbstractCallable, providers.AbstractCoroutine),
)
RESOURCE = getattr(providers, "BaseResource", providers.Resource)  # since 4.49
CALLING = (providers.Factory, providers.BaseSingleton, providers.Callable, RESOURCE)
CHOOSING: tuple[Any, ...] = (
    providers.Selector,
    providers.Aggregate,
)  # it is not known in advance which of their options will be used


def first_gap(provider: Any, seen: set[Any] | None = None) -> tuple[str, str] | None:
    """Return the first problem of ``provider`` or of one that it needs, with its remedy; ``None`` if there is none."""
    seen = set() if seen is None else seen
    provider = in_effect(provider)
    if provider in seen or isinstance(provider, CHOOSING):
        return None
    seen.add(provider)
    gap = _gap(provider)
    if gap is not None:
        return gap
    if isinstance(provider, CALLING) and any("__" in name for name in provider.kwargs):
        return None  # such keyword arguments are passed to the providers that it needs
    return next((gap for part in provider.related if (gap := first_gap(part, seen)) is not None), None)


def _gap(provider: Any) -> tuple[str, str] | None:
    if isinstance(provider, providers.Dependency) and not provider.is_defined:
        name = provider.parent_name or type_name(provider.instance_of)
        return f"the dependency {name} is not defined", f"Pass it to the container: {name} = providers.Factory(...)"
    if isinstance(provider, _ABSTRACT):
        name = type_name(provider.provides)
        return f"the abstract provider of {name} is not overridden", "Override it with one that makes something"
    if isinstance(provider, CALLING):
        return _missing_arguments(provider)
    return None


def _missing_arguments(provider: Any) -> tuple[str, str] | None:
    made_by = provider.provides
    try:
        signature = inspect.signature(made_by)
    except (ValueError, TypeError):
        return None
    try:
        signature.bind(*provider.args, **{k: v for k, v in provider.kwargs.items() if "__" not in k})
    except TypeError as error:
        kind = type(provider).__name__
        return f"{type_name(made_by)} is called with {error}", f"Pass it: providers.{kind}({type_name(made_by)}, ...)"
    return None
