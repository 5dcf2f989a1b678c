"""A binding of the default resolver: the factory, its parameters, and the lifetime of what it makes."""

from __future__ import annotations

import functools
import typing
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from cqrs._introspection.calling import Kind, kind_of
from cqrs._introspection.generics import type_name, union_members
from cqrs._introspection.hints import Unreadable, filled, read_hints, read_signature, type_variables, without_none
from cqrs.errors.root import shown
from cqrs.errors.wiring import DependencyError

if typing.TYPE_CHECKING:
    import inspect
    from collections.abc import Callable, Sequence

Lifetime = Literal["transient", "request", "singleton"]

_UNREAD = (str, typing.ForwardRef, Unreadable)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter to inject. An ``optional`` one keeps its default unless its type is bound."""

    name: str
    type_: Any  # None if there is only a default
    optional: bool
    by_position: bool
    by_name: bool


@dataclass(frozen=True, slots=True)
class Provider:
    """Makes one type. A ``factory`` of the kind *context* returns a context manager, which is entered."""

    factory: Callable[..., Any]
    lifetime: Lifetime
    kind: Kind
    parameters: tuple[Parameter, ...] = field(default=())
    given: Any = None  # what was bound: the original factory, a value, or the key for the source
    how: Literal["factory", "value", "source"] = "factory"


def provider_of(factory: Any, lifetime: Lifetime, path: Sequence[Any] = ()) -> Provider:
    """Return the provider for a class or function. Raises ``DependencyError`` if its annotations do not suffice."""
    if lifetime not in typing.get_args(Lifetime):
        problem = f"{type_name(factory)} cannot live for {lifetime!r}"
        raise DependencyError(factory, path, problem, 'Choose "transient", "request" or "singleton"')
    if not callable(factory):
        remedy = "Use bind_instance(type, value) for a value"
        raise DependencyError(shown(factory), path, f"{shown(factory)} is no factory: it cannot be called", remedy)
    parameters = tuple(read_parameters(factory, path))
    kind, opens = kind_of(factory)
    return Provider(opens(factory) if opens is not None else factory, lifetime, kind, parameters, factory)


def read_parameters(factory: Callable[..., Any], path: Sequence[Any]) -> list[Parameter]:
    """Return the parameters of ``factory`` to inject. Raises ``DependencyError`` for one without annotation."""
    try:
        declared = read_signature(factory)
    except (ValueError, TypeError) as error:
        problem = f"what {type_name(factory)} needs cannot be read ({error})"
        raise DependencyError(factory, path, problem, "Bind a function with annotations that calls it") from error
    hints = read_hints(factory, include_extras=True) if declared else {}
    variables = type_variables(factory)
    given = _given(factory)
    parameters: list[Parameter] = []
    for parameter in declared:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD) or parameter.name in given:
            continue
        optional = parameter.default is not parameter.empty
        annotation = without_none(hints.get(parameter.name, parameter.annotation))
        if annotation is parameter.empty or isinstance(annotation, _UNREAD):
            if not optional:
                raise DependencyError(parameter.name, path, *_unannotated(factory, parameter, annotation))
            annotation = None
        marker = marker_of_a_route(parameter.default, hints.get(parameter.name))
        if marker is not None:
            raise DependencyError(parameter.name, path, *not_for_handlers(parameter.name, factory, marker))
        by_position, by_name = (parameter.kind is not k for k in (parameter.KEYWORD_ONLY, parameter.POSITIONAL_ONLY))
        type_ = filled(annotation, variables)
        parameters.append(Parameter(parameter.name, type_, optional, by_position, by_name))
    return parameters


def marker_of_a_route(default: object, annotation: object) -> str | None:
    """Return the text for a marker that only FastAPI or faststream can fill in, or ``None``.

    Such a marker is ``Depends(...)``, as a default or within ``Annotated``.
    """
    metadata = (note for part in union_members(annotation) for note in getattr(part, "__metadata__", ()))
    for where, marker in (("for a default", default), *(("in its annotation", note) for note in metadata)):
        kind = cast("type", type(marker))
        if kind.__module__.partition(".")[0] in {"fastapi", "fast_depends", "faststream"}:
            return f"{kind.__name__}(...) {where}"
    return None


def not_for_handlers(name: str, owner: object, marker: str) -> tuple[str, str]:
    """Return problem and remedy for a parameter with such a marker."""
    of = "" if owner == "it" else f" of {type_name(owner)}"
    problem = f"parameter {name!r}{of} has {marker}, which only routes fill in"
    return problem, "Annotate it with the type it needs, and bind that in the container"


def _given(factory: Any) -> Any:
    return cast("Any", factory).keywords if isinstance(factory, functools.partial) else ()


def _unannotated(factory: object, parameter: inspect.Parameter, annotation: Any) -> tuple[str, str]:
    name, owner = repr(parameter.name), type_name(factory)
    if annotation is parameter.empty:
        problem = f"parameter {name} of {owner} has no annotation, so nothing can be injected"
        return problem, "Annotate it with the type it needs"
    reason = annotation.error if isinstance(annotation, Unreadable) else annotation
    problem = f"the annotation of {name} of {owner} cannot be read ({reason})"
    return problem, "Import or define what it names at the top of its module, not only under TYPE_CHECKING"
