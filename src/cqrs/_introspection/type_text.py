"""How annotations read in a text for people, without importing whatever declares them."""

from __future__ import annotations

import dataclasses
import re
import sys
import types
import typing
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, Union, get_args, get_origin

from typing_extensions import Format, get_annotations

from cqrs._introspection.callables import written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_ADDRESS: Final = re.compile(r" at 0x[0-9a-fA-F]+")
_ENCLOSING: Final = re.compile(r"[^\[\], |]*<locals>\.")
_BAR: Final = re.compile(r"\s*\|\s*(?![^\[]*\])")  # not one inside brackets
_CLASS_VARIABLE: Final = re.compile(r"(\w+\.)*ClassVar\b")


def short_name(subject: object) -> str:
    """The name of a class, function or type variable: nested in a class with it, never with a function around it.

    An object that can be called has the name of its class.
    """
    named = written(subject)
    name = getattr(named, "__qualname__", None) or getattr(named, "__name__", None)
    if isinstance(name, str):
        return _ENCLOSING.sub("", name)
    return short_name(type(named)) if callable(named) else _ADDRESS.sub("", repr(named))


def type_text(annotation: Any, label: Callable[[Any], str] = short_name) -> str:
    """``annotation`` as one would write it; ``label`` names the classes in it. Equal types give equal text."""
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
    """The members of a union, or the one type that ``annotation`` is."""
    if isinstance(annotation, str | typing.ForwardRef):
        return tuple(_BAR.split(type_text(annotation)))
    return get_args(annotation) if get_origin(annotation) in {Union, types.UnionType} else (annotation,)


def resolved_annotations(owner: Any, namespace: Mapping[str, Any]) -> dict[str, Any]:
    """What ``owner`` itself annotates, each evaluated where it can be and left as text where it cannot."""
    found: dict[str, Any] = {}
    names = {**namespace}
    for name, annotation in get_annotations(owner, format=Format.FORWARDREF).items():
        holder = type("holder", (), {"__annotations__": {name: annotation}})
        try:
            found[name] = typing.get_type_hints(holder, names)[name]
        except Exception:  # noqa: BLE001  # an annotation can be any expression, and raise anything
            found[name] = annotation
    return found


def fields(cls: type) -> Iterator[tuple[str, Any]]:
    """Names and annotations of the fields of a message class, inherited ones first; builds no instance.

    Works by annotations alone, so for pydantic models, dataclasses, attrs classes and msgspec structs alike.
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
