"""How the default resolver makes one thing: its factory, what the factory needs, and how long the result lives."""

from __future__ import annotations

import inspect
import types
import typing
from dataclasses import dataclass, field
from typing import Any, Literal

from cqrs._generics import runtime_class, type_name
from cqrs.errors import DependencyError

if typing.TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Lifetime = Literal["transient", "request", "singleton"]
Kind = Literal["plain", "async", "generator", "async generator"]

_LEAVES = (object, str, bytes, int, float, complex, bool, list, dict, set, tuple, frozenset, type(None))


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter that is injected; ``optional`` ones keep their default unless something was bound for their type."""

    name: str
    type_: Any
    optional: bool
    keyword: bool


@dataclass(frozen=True, slots=True)
class Provider:
    """Makes one thing."""

    factory: Callable[..., Any]
    lifetime: Lifetime
    kind: Kind
    parameters: tuple[Parameter, ...] = field(default=())


def provider_of(factory: Callable[..., Any], lifetime: Lifetime, path: Sequence[type] = ()) -> Provider:
    """The provider for a class or function, by its annotations. Raises ``DependencyError`` if they do not suffice."""
    return Provider(factory, lifetime, _kind_of(factory), tuple(read_parameters(factory, path)))


def autowired(type_: Any, path: Sequence[type]) -> Provider:
    """The provider for a class that was not bound: its constructor. Raises ``DependencyError`` if it has none."""
    cls = runtime_class(type_)
    if cls is None or cls in _LEAVES:
        raise DependencyError(
            type_, path, f"nothing is bound for {type_name(type_)}", "Bind a value or a factory for it in the container"
        )
    if inspect.isabstract(cls) or getattr(cls, "_is_protocol", False):
        raise DependencyError(
            type_,
            path,
            f"{cls.__qualname__} is an interface and nothing is bound for it",
            f"Bind an implementation: container.bind({cls.__name__}, YourImplementation)",
        )
    return provider_of(cls, "transient", path)


def read_parameters(factory: Callable[..., Any], path: Sequence[type]) -> list[Parameter]:
    """The parameters of ``factory`` that have to be injected. Raises ``DependencyError`` for one without annotation."""
    declared = inspect.signature(factory).parameters.values()
    hints = read_hints(factory) if declared else {}
    parameters: list[Parameter] = []
    for parameter in declared:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        optional = parameter.default is not parameter.empty
        annotation = _plain(hints.get(parameter.name, parameter.empty))
        if isinstance(annotation, Unreadable):
            if optional:
                continue
            raise DependencyError(
                parameter.name,
                path,
                f"the annotation of {parameter.name!r} of {type_name(factory)} cannot be read ({annotation.error})",
                "Import what it names at run time, not only under TYPE_CHECKING",
            ) from annotation.error
        if annotation is not parameter.empty:
            keyword = parameter.kind is not parameter.POSITIONAL_ONLY
            parameters.append(Parameter(parameter.name, annotation, optional, keyword))
        elif not optional:
            raise DependencyError(
                parameter.name,
                path,
                f"parameter {parameter.name!r} of {type_name(factory)} has no annotation, so nothing can be injected",
                "Annotate it with the type it needs",
            )
    return parameters


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An annotation that names something which is not there at run time."""

    error: Exception


def read_hints(factory: Callable[..., Any]) -> dict[str, Any]:
    """The annotations of a function or of the constructor of a class, evaluated; ``Unreadable`` where that fails."""
    target: Any = factory.__init__ if isinstance(factory, type) else factory  # type: ignore[misc]
    target = getattr(target, "func", target)  # functools.partial
    if not inspect.isroutine(target):
        target = type(target).__call__  # an object that can be called
    try:
        return typing.get_type_hints(target)
    except (NameError, TypeError):
        return {name: _read_hint(target, name) for name in inspect.signature(target).parameters} | {
            "return": _read_hint(target, "return")
        }


def _read_hint(function: Any, name: str) -> Any:
    try:
        alone = types.SimpleNamespace(__annotations__={name: function.__annotations__.get(name, Any)})
        return typing.get_type_hints(alone, globalns=function.__globals__)[name]
    except (NameError, TypeError) as error:
        return Unreadable(error)


def _plain(annotation: Any) -> Any:
    """``X`` for ``X | None``: whether it may be left out is told by the default."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        members = [a for a in typing.get_args(annotation) if a is not type(None)]
        if len(members) == 1:
            return members[0]
    return annotation


def _kind_of(factory: Callable[..., Any]) -> Kind:
    if inspect.isasyncgenfunction(factory):
        return "async generator"
    if inspect.isgeneratorfunction(factory):
        return "generator"
    return "async" if inspect.iscoroutinefunction(factory) else "plain"
