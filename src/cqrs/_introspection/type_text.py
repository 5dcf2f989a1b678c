"""Formats annotations for people, without importing the libraries that declare them."""

from __future__ import annotations

import dataclasses
import re
import sys
import types
import typing
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, Union, get_args, get_origin

from cqrs._introspection.annotations import evaluated, own_annotations
from cqrs._introspection.callables import unwrapped_function

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_ADDRESS: Final = re.compile(r" at 0x[0-9a-fA-F]+")
_ENCLOSING: Final = re.compile(r"[^\[\], |]*<locals>\.")
_BAR: Final = re.compile(r"\s*\|\s*(?![^\[]*\])")  # not one inside brackets
_CLASS_VARIABLE: Final = re.compile(r"(\w+\.)*ClassVar\b")


def short_name(subject: object) -> str:
    """Return the name of a class, function or type variable, with the classes that it is nested in, but no functions.

    A callable object has the name of its class.
    """
    named = unwrapped_function(subject)
    name = getattr(named, "__qualname__", None) or getattr(named, "__name__", None)
    if isinstance(name, str):
        return _ENCLOSING.sub("", name)
    return short_name(type(named)) if callable(named) else _ADDRESS.sub("", repr(named))


def type_text(annotation: Any, label: Callable[[Any], str] = short_name) -> str:
    """Return ``annotation`` as it is written in code; ``label`` names its classes. Equal types give equal texts."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is None:
        return _plain_text(annotation, label)
    if origin is typing.Annotated:
        return type_text(arguments[0], label)
    if origin is Literal:
        return f"Literal[{', '.join(_ADDRESS.sub('', repr(value)) for value in arguments)}]"
    parts = [type_text(part, label) for part in arguments]
    if origin in {Union, types.UnionType}:
        return " | ".join(parts)
    return f"{label(origin)}[{', '.join(parts)}]" if parts else label(origin)


def _plain_text(annotation: Any, label: Callable[[Any], str]) -> str:
    if annotation is None or annotation is types.NoneType:
        return "None"
    if annotation is Ellipsis:
        return "..."
    if isinstance(annotation, typing.ForwardRef):
        return annotation.__forward_arg__
    if isinstance(annotation, list):  # the parameters of a Callable
        parameters: list[Any] = [*annotation]
        return f"[{', '.join(type_text(parameter, label) for parameter in parameters)}]"
    return annotation if isinstance(annotation, str) else label(annotation)


def alternatives(annotation: Any) -> tuple[Any, ...]:
    """Return the members of a union, also of one that is text; for any other annotation, a tuple with just that."""
    if isinstance(annotation, str | typing.ForwardRef):
        return tuple(_BAR.split(type_text(annotation)))
    return get_args(annotation) if get_origin(annotation) in {Union, types.UnionType} else (annotation,)


def resolved_annotations(owner: Any, namespace: Mapping[str, Any]) -> dict[str, Any]:
    """Return the annotations of ``owner`` itself, evaluated, or as text where that is not possible."""
    found: dict[str, Any] = {}
    for name, annotation in own_annotations(owner).items():
        try:
            found[name] = evaluated(annotation, namespace)
        except Exception:  # noqa: BLE001  # an annotation can be any expression, which may raise anything
            found[name] = annotation
    return found


def fields(cls: type) -> Iterator[tuple[str, Any]]:
    """Yield names and annotations of the fields of a message class, inherited ones first, without an instance.

    It reads annotations only, so it works for pydantic models, dataclasses, attrs classes and msgspec structs.
    """
    found: dict[str, Any] = {}
    for owner in reversed(cls.__mro__):
        module = getattr(sys.modules.get(owner.__module__), "__dict__", {})
        nested = {name: value for name, value in vars(owner).items() if isinstance(value, type)}
        found.update(resolved_annotations(owner, {**module, **nested}))
    for name, annotation in found.items():
        if not (name.startswith("__") or _is_no_field(annotation)):
            yield name, annotation


def _is_no_field(annotation: Any) -> bool:
    if isinstance(annotation, str | typing.ForwardRef):
        return _CLASS_VARIABLE.match(type_text(annotation)) is not None
    return (
        annotation is ClassVar
        or get_origin(annotation) is ClassVar
        or annotation is dataclasses.KW_ONLY
        or isinstance(annotation, dataclasses.InitVar)
    )
