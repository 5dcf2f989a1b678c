"""Reads type arguments, and compares and names types."""

from __future__ import annotations

import types
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from cqrs._introspection.type_text import type_text

# classes for the interpreter (Any since Python 3.11, Union since 3.14), but as annotations they stand for no class
_NO_CLASSES: tuple[Any, ...] = (Any, Union, types.UnionType)


def type_arguments(cls: type, base: type) -> tuple[Any, ...] | None:
    """Return the type arguments that ``cls`` gives to the generic class ``base``, or ``None`` if it gives none.

    Follows intermediate generic classes: with ``class Audited(Handler[T, None])``, ``class H(Audited[Pay])`` has
    ``(Pay, NoneType)`` for ``Handler``. An argument that no class fills in stays a ``TypeVar``.
    """
    for declared in cls.__dict__.get("__orig_bases__", cls.__bases__):
        origin = get_origin(declared)
        if origin is base:
            return get_args(declared)
        parent = declared if origin is None else origin
        if not isinstance(parent, type) or base not in parent.__mro__ or parent is base:
            continue
        inherited = type_arguments(parent, base)
        if inherited is not None:
            filled: dict[Any, Any] = dict(zip(getattr(parent, "__parameters__", ()), get_args(declared), strict=False))
            return tuple(filled.get(a, a) if isinstance(a, TypeVar) else a for a in inherited)
    return None


def runtime_class(annotation: object) -> type | None:
    """Return the class whose instances an annotation describes, or ``None`` if it names no single class."""
    origin = get_origin(annotation) or annotation
    if origin is Annotated:
        return runtime_class(get_args(annotation)[0])
    return origin if isinstance(origin, type) and origin not in _NO_CLASSES else None


def union_members(annotation: Any) -> tuple[Any, ...]:
    """Return the members of a union; for any other annotation, a tuple with just that."""
    return get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)


def can_be(given: Any, wanted: Any) -> bool:
    """Whether a value declared as ``given`` can be a ``wanted`` at run time; ``True`` if that cannot be decided."""
    certain = [g for g in union_members(given) if g is not types.NoneType] or [given]
    return any(_is_a(g, w) for g in certain for w in union_members(wanted))


def _is_a(given: Any, wanted: Any) -> bool:
    actual, expected = (types.NoneType if t is None else runtime_class(t) for t in (given, wanted))
    if actual is None or expected is None or (expected is float and issubclass(actual, int)):
        return True
    try:
        return issubclass(actual, expected) or _same_model(actual, expected)
    except TypeError:  # issubclass does not work for a Protocol or a TypedDict
        return True


def _same_model(actual: type, expected: type) -> bool:
    """Whether both are the same generic model of pydantic, with compatible type arguments."""
    origin, wanted = _model(expected)
    if origin is None or origin not in actual.__mro__:
        return False
    given = next((args for cls in actual.__mro__ for o, args in [_model(cls)] if o is origin), None)
    return given is None or all(g is Any or can_be(g, w) for g, w in zip(given, wanted, strict=False))


def _model(cls: type) -> tuple[Any, tuple[Any, ...]]:
    """Return the generic pydantic model that ``cls`` was made from, and its arguments; ``(None, ())`` otherwise."""
    generic: Any = cls.__dict__.get("__pydantic_generic_metadata__")
    return (generic["origin"], generic["args"]) if generic else (None, ())


def generic_of(cls: type) -> Any:
    """Return the generic pydantic model or event that ``cls`` gives type arguments to, or ``None``."""
    ours: Any = cls.__dict__.get("__cqrs_generic__")
    return ours[0] if ours else _model(cls)[0]


def type_name(subject: object) -> str:
    """Return the name of a class, with its type arguments, or of a function, for texts that people read."""
    if get_origin(subject) is not None:
        return type_text(subject, type_name)
    return getattr(subject, "__qualname__", None) or repr(subject)


def type_names(*subjects: object) -> list[str]:
    """Return the :func:`type_name` of each; different subjects with the same name get their modules as prefix."""
    names = [type_name(subject) for subject in subjects]
    alike: dict[str, object] = {}
    clashes = {name for name, it in zip(names, subjects, strict=True) if alike.setdefault(name, it) != it}
    return [_full_name(it) if name in clashes else name for name, it in zip(names, subjects, strict=True)]


def _full_name(subject: object) -> str:
    if get_origin(subject) is not None:
        return type_text(subject, _full_name)
    known = hasattr(subject, "__qualname__") and getattr(subject, "__module__", "builtins") != "builtins"
    return f"{subject.__module__}.{type_name(subject)}" if known else type_name(subject)
