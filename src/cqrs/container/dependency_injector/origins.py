"""Describes what the providers of a dependency-injector container make their objects with."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from cqrs._introspection.hints import read_hints, without_none
from cqrs.container.dependency_injector.gaps import CALLING, CHOOSING, RESOURCE
from cqrs.container.dependency_injector.types import given_by, in_effect, is_object, providers
from cqrs.container.origin import Origin, made_by, shown
from cqrs.container.session_types import class_of, session_class

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cqrs.container.origin import Origins
    from cqrs.container.resolving.plan import Path


def origins(provider: Any, names: Mapping[Any, str], asked: Any) -> Iterator[tuple[Path, Origin]]:
    """Yield the origin of what ``provider`` makes, asked for as ``asked``, and the origins of all that it needs."""
    seen: set[Any] = set()

    def walk(provider: Any, path: Path, asked: Any = None) -> Origins:
        provider = in_effect(provider)
        if provider in seen:
            return
        seen.add(provider)
        name = names.get(provider)
        here = (*path, asked or given_by(provider) or name or type(provider).__name__)
        yield here, _origin(provider, name)
        if isinstance(provider, CHOOSING):
            return  # it is not known in advance which of its options will be used
        for value in _arguments(provider):
            if session_class(class_of(value)) is not None:
                binding = f"an argument of {_shown(provider, name)}"
                yield (*here, class_of(value)), Origin("value", value, binding, how_to_provide)
        annotated = _sessions_in(provider)
        for part in provider.related:
            yield from walk(part, here, annotated.get(part))

    yield from walk(provider, (), asked)


def how_to_provide(name: str, value: str) -> str:
    """Return the code that provides ``value`` in the container; the ``name`` of the type is not needed for it."""
    del name
    return f"{value.removeprefix('db.').replace('.', '_')} = providers.Object({value})"


def _origin(provider: Any, name: str | None) -> Origin:
    binding, provides = _shown(provider, name), getattr(provider, "provides", None)
    if is_object(provider):
        return Origin("value", provides, binding, how_to_provide)
    if not isinstance(provider, CALLING) or isinstance(provides, providers.Provider) or not callable(provides):
        return Origin("unknown", None, binding, how_to_provide)
    needs = tuple(given_by(in_effect(part)) for part in _arguments(provider) if _is_provider(part))
    made = "generator" if isinstance(provider, RESOURCE) else made_by(provides)
    return Origin(made, provides, binding, how_to_provide, needs)


def _sessions_in(provider: Any) -> dict[Any, Any]:
    """Return the providers for parameters that are annotated as a session, each with that annotation."""
    if not isinstance(provider, CALLING) or not callable(provider.provides):
        return {}
    given = {name: value for name, value in provider.kwargs.items() if "__" not in name}
    try:
        filled = inspect.signature(provider.provides).bind_partial(*provider.args, **given).arguments
    except (ValueError, TypeError):
        return {}
    hints = {name: without_none(hint) for name, hint in read_hints(provider.provides).items()}
    sessions = {name: hint for name, hint in hints.items() if session_class(hint) is not None}
    return {part: sessions[name] for name, part in filled.items() if name in sessions and _is_provider(part)}


def _is_provider(value: Any) -> bool:
    return isinstance(value, providers.Provider)


def _arguments(provider: Any) -> list[Any]:
    if not isinstance(provider, CALLING):
        return []
    return [*provider.args, *provider.kwargs.values()]


def _shown(provider: Any, name: str | None) -> str:
    provides: object = getattr(provider, "provides", None)
    written = f"providers.{type(provider).__name__}({shown(provides)})"
    return written if name is None else f"the provider {name} = {written}"
