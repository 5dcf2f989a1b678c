"""Generic events on dataclasses: ``DCNotificationEvent[Joined]`` is a class of its own, as with pydantic.

So ``[Joined]`` and ``[Paid]`` can have different handlers, and the payload is read as the type that the class names.
"""

from __future__ import annotations

import copy
import sys
import typing
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from cqrs._introspection.annotations import evaluated, own_annotations
from cqrs._introspection.generics import type_arguments, type_name

_made: WeakValueDictionary[Any, type] = WeakValueDictionary()


def closed(cls: type[Any], alias: Any) -> Any:
    """Return the class for ``alias``, which is ``cls[...]``.

    ``alias`` itself is returned if it contains type variables, or nothing but ``Any``.
    """
    arguments = typing.get_args(alias)
    if alias.__parameters__ or all(argument is Any for argument in arguments):
        return alias
    key = (cls, arguments)
    try:
        found = _made.get(key)
    except TypeError:  # an argument is not hashable
        return alias
    if found is None:
        found = _made[key] = _closed(cls, alias, arguments)
    return found


def _closed(cls: type[Any], alias: Any, arguments: tuple[Any, ...]) -> type:
    name = f"{cls.__name__}[{', '.join(map(type_name, arguments))}]"
    typed = _types_of_fields(cls, _meanings(cls, arguments))
    body = {
        "__module__": cls.__module__,
        "__qualname__": name,
        "__doc__": cls.__doc__,
        "__orig_bases__": (alias,),
        "__annotations__": typed,
        "__cqrs_generic__": (cls, arguments),
        "__reduce_ex__": _reduce,
    }
    metaclass: Any = type(cls)
    made: Any = metaclass(name, (cls,), body)
    if typed:
        made.__dataclass_fields__ = {
            name: _retyped(field, typed[name]) if name in typed else field
            for name, field in made.__dataclass_fields__.items()
        }
    kind: type = made
    return kind


def _meanings(cls: Any, arguments: tuple[Any, ...]) -> dict[Any, Any]:
    """Return what each type variable stands for, also those of the base classes of ``cls``."""
    meanings: dict[Any, Any] = dict(zip(cls.__parameters__, arguments, strict=False))
    for base in cls.__mro__[1:]:
        for variable, given in zip(
            base.__dict__.get("__parameters__", ()), type_arguments(cls, base) or (), strict=False
        ):
            meanings.setdefault(variable, _with_meanings(given, meanings))
    return meanings


def _types_of_fields(cls: Any, meanings: dict[Any, Any]) -> dict[str, Any]:
    """Return the types of the fields that depend on the arguments, as far as their annotations can be read."""
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        annotations = own_annotations(base)
        for name in annotations.keys() & getattr(base, "__dataclass_fields__", {}).keys():
            declared = _evaluated_in(annotations[name], base)
            filled = _with_meanings(declared, meanings)
            found.pop(name, None)
            if filled is not declared:
                found[name] = filled
    return found


def _evaluated_in(annotation: Any, owner: type) -> Any:
    if not isinstance(annotation, str):
        return annotation
    scope = vars(sys.modules[owner.__module__]) if owner.__module__ in sys.modules else {}
    try:
        return evaluated(annotation, scope, dict(vars(owner)), include_extras=True)
    except (NameError, TypeError, AttributeError):  # it names something that is imported under TYPE_CHECKING only
        return annotation


def _with_meanings(annotation: Any, meanings: dict[Any, Any]) -> Any:
    if isinstance(annotation, TypeVar):
        return meanings.get(annotation, annotation)
    free = getattr(annotation, "__parameters__", ()) if typing.get_args(annotation) else ()
    return annotation[tuple(meanings.get(v, v) for v in free)] if free else annotation


def _retyped(field: Any, type_: Any) -> Any:
    changed = copy.copy(field)
    changed.type = type_
    return changed


def _reduce(self: Any, protocol: Any) -> Any:
    # No module has this class, so another process makes it again from the generic class and its arguments.
    made: Any = object.__reduce_ex__(self, max(protocol, 2))
    cls: Any = self.__class__
    generic = cls.__dict__.get("__cqrs_generic__")
    if generic is None:
        return made
    _, (_, *given), *rest = made
    return (_new, (generic, *given), *rest)


def _new(generic: tuple[Any, tuple[Any, ...]], *given: Any) -> Any:
    cls, arguments = generic
    made = cls[arguments]
    return made.__new__(made, *given)
