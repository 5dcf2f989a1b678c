"""Finds out which types the providers of a dependency-injector container make."""

from __future__ import annotations

import collections.abc
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import TYPE_CHECKING, Any, cast, get_args, get_origin

from dependency_injector import providers as typed_providers
from dependency_injector import resources as typed_resources

from cqrs._introspection.calling import kind_of
from cqrs._introspection.generics import runtime_class, type_arguments
from cqrs._introspection.hints import Unreadable, read_hints, without_metadata, without_none
from cqrs.container.resolving.autowiring import is_recorder, is_value
from cqrs.container.session_types import class_of

if TYPE_CHECKING:
    from collections.abc import Iterator

# Untyped: the type arguments of a provider would have to name what it makes, and that is not known here.
providers: Any = typed_providers
resources: Any = typed_resources

EXACT, SUBCLASS = 0, 1

# The annotated result of a resource or a coroutine function wraps what it makes in one of these.
_AROUND = (
    *(collections.abc.Iterator, collections.abc.Iterable, collections.abc.Generator),
    *(collections.abc.AsyncIterator, collections.abc.AsyncIterable, collections.abc.AsyncGenerator),
    *(collections.abc.Awaitable, collections.abc.Coroutine, AbstractContextManager, AbstractAsyncContextManager),
)


def all_providers(container: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every provider of a container and of the containers in it, with its dotted name."""
    for name, provider in container.providers.items():
        yield prefix + name, provider
        inner = _containers_in(provider)
        if inner is not None:
            yield from all_providers(inner, f"{prefix}{name}.")


def all_containers(container: Any) -> Iterator[Any]:
    """Yield a container and those in it, except for those of which only the names are known."""
    yield container
    for provider in container.providers.values():
        if isinstance(provider, providers.Container):
            yield from all_containers(provider.container)


def _containers_in(provider: Any) -> Any:
    if isinstance(provider, providers.Container):
        return provider.container
    return provider if isinstance(provider, providers.DependenciesContainer) else None


def in_effect(provider: Any) -> Any:
    """Return the provider that is used in the end, after all overrides."""
    while provider.last_overriding is not None:
        provider = provider.last_overriding
    return provider


def fit(provider: Any, type_: Any) -> int | None:
    """Return how well what ``provider`` makes fits ``type_``: ``EXACT``, ``SUBCLASS``, or ``None`` if not at all.

    A class fits its bases, except for a base class of handlers: that would inject another handler.
    """
    overriding = provider.last_overriding
    if isinstance(provider, providers.Selector):
        fits = [fit(option, type_) for option in provider.providers.values()]
        declared = None if None in fits else max((f for f in fits if f is not None), default=None)
    else:
        declared = _fit(given_by(provider), type_, exactly=is_object(provider))
    actual = fit(overriding, type_) if overriding is not None else None
    return min((f for f in (declared, actual) if f is not None), default=None)


def _fit(given: Any, type_: Any, *, exactly: bool) -> int | None:
    cls, asked = runtime_class(given), runtime_class(type_)
    if cls is None or asked is None or asked is object or asked.__module__ == "builtins":
        return None
    value = is_value(asked)
    if value and exactly:  # a path that is in the container need not be the path that is wanted
        return None
    if asked not in cls.__mro__ or not _same_arguments(given, cls, asked, get_args(type_)):
        return None
    if cls is asked:
        return EXACT
    return None if value or any(is_recorder(base) for base in asked.__mro__) else SUBCLASS


def _same_arguments(given: Any, cls: type, asked: type, arguments: tuple[Any, ...]) -> bool:
    declared = get_args(given) if cls is asked else type_arguments(cls, asked)
    return not arguments or not declared or declared == arguments


def given_by(provider: Any) -> Any:
    """Return the type of what ``provider`` makes, or ``None`` if it is not known."""
    if isinstance(provider, providers.Dependency):
        return provider.instance_of
    if is_object(provider):
        return cast("Any", class_of(provider.provides))
    made_by = getattr(provider, "provides", None)
    is_setting = isinstance(provider, providers.TypedConfigurationOption)  # its type says nothing about its meaning
    if is_setting or isinstance(made_by, providers.Provider) or not callable(made_by):
        return None
    if isinstance(made_by, type) and not issubclass(made_by, resources.Resource | resources.AsyncResource):
        return cast("Any", made_by)
    return _result(getattr(made_by, "init", made_by))


def may_await(provider: Any) -> bool:
    """Whether the result of ``provider`` has to be awaited, as far as that is known in advance."""
    made_by = getattr(provider, "provides", None)
    is_async = kind_of(made_by)[0].startswith("async") if callable(made_by) else False
    return is_async or provider.is_async_mode_enabled() or isinstance(provider, providers.Coroutine)


def is_object(provider: Any) -> bool:
    """Whether ``provider`` holds a value. Subclasses of its class hold settings or containers."""
    return cast("Any", type(provider)) is providers.Object


def _result(function: Any) -> Any:
    result = without_none(read_hints(function).get("return"))
    if isinstance(result, Unreadable):
        return None
    if get_origin(result) in _AROUND and get_args(result):
        arguments = get_args(result)
        result = arguments[-1] if get_origin(result) is collections.abc.Coroutine else arguments[0]
    return without_metadata(result)
