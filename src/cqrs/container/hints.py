"""What a factory or class asks for, read from its annotations."""

from __future__ import annotations

import collections.abc
import inspect
import sys
import types
import typing
from dataclasses import dataclass
from typing import Any, TypeVar

from typing_extensions import Format, get_annotations

from cqrs._callables import called, written
from cqrs._generics import type_arguments
from cqrs.envelope import Envelope

if typing.TYPE_CHECKING:
    from collections.abc import Callable, Iterator


# Since Python 3.14 a signature evaluates the annotations, which may name what is there for the type checker only.
_LENIENT: dict[str, Any] = {"annotation_format": Format.FORWARDREF} if sys.version_info >= (3, 14) else {}


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An annotation that names something which is not there at run time."""

    error: Exception


def read_hints(factory: Callable[..., Any], *, include_extras: bool = False) -> dict[str, Any]:
    """The annotations of a function or of the constructor of a class, evaluated; ``Unreadable`` where that fails."""
    target, names = function_of(factory), _names(factory)
    inherited = _inherited(factory, include_extras)
    try:
        return typing.get_type_hints(target, localns=names, include_extras=include_extras) | inherited
    except (NameError, TypeError, AttributeError):
        # One by one then, with the names at hand that are most often imported for the type checker alone.
        raw = get_annotations(target, format=Format.FORWARDREF)
        scope = vars(collections.abc) | getattr(target, "__globals__", {}) | (names or {})
        return {name: _read_hint(annotation, scope, include_extras) for name, annotation in raw.items()} | inherited


def _inherited(factory: Any, include_extras: bool) -> dict[str, Any]:  # noqa: FBT001  # private
    """What a generated constructor takes for fields of other modules: each annotation means what it means there."""
    cls = typing.get_origin(factory) or factory
    if not (hasattr(cls, "__dataclass_fields__") or hasattr(cls, "__attrs_attrs__")) or not isinstance(cls, type):
        return {}
    declares, found = _declaring(cls), dict[str, Any]()
    taken = get_annotations(declares.__init__, format=Format.FORWARDREF)  # type: ignore[misc]  # of the class itself
    for owner in reversed(declares.__mro__):
        scope = vars(sys.modules[owner.__module__]) if owner.__module__ in sys.modules else {}
        for name, annotation in get_annotations(owner, format=Format.FORWARDREF).items():
            found.pop(name, None)
            elsewhere = owner.__module__ != declares.__module__
            if elsewhere and isinstance(annotation, str) and taken.get(name) == annotation:
                found[name] = _read_hint(annotation, vars(collections.abc) | scope, include_extras)
    return found


def settle(factory: Any) -> None:
    """Let whoever reads the generated constructor of a class find what its inherited annotations mean."""
    found = {n: hint for n, hint in _inherited(factory, True).items() if not isinstance(hint, Unreadable)}  # noqa: FBT003
    if found:
        function_of(factory).__annotations__.update(found)


def read_signature(factory: Callable[..., Any]) -> list[inspect.Parameter]:
    """The parameters of a function or of the constructor of a class, without ``self``. Raises ``ValueError``."""
    cls = typing.get_origin(factory) or factory
    if isinstance(cls, type) and not hasattr(cls, "__signature__") and inspect.isfunction(cls.__init__):  # type: ignore[misc]
        return list(inspect.signature(cls.__init__, **_LENIENT).parameters.values())[1:]  # type: ignore[misc]
    return list(inspect.signature(cls, **_LENIENT).parameters.values())


def function_of(factory: Any) -> Any:
    """The function that runs when ``factory`` is called, without what is wrapped around it."""
    found = written(typing.get_origin(factory) or factory)
    if isinstance(found, type):
        return found.__new__ if found.__init__ is object.__init__ else found.__init__  # type: ignore[misc]
    return called(found)


def type_variables(type_: Any) -> dict[Any, Any]:
    """What the type variables mean in the constructor of a class that is asked for as ``type_``."""
    cls = typing.get_origin(type_) or type_
    own = _matched(cls, typing.get_args(type_))
    declares = _declaring(cls) if isinstance(cls, type) else cls
    if declares is cls or not getattr(declares, "__parameters__", ()):
        return own
    return {v: own.get(a, a) for v, a in _matched(declares, type_arguments(cls, declares) or ()).items()}


def plain(annotation: Any) -> Any:
    """``X`` for ``X | None``: whether it may be left out is told by the default. An ``Envelope`` may not be there."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        members = [a for a in typing.get_args(annotation) if a is not type(None)]
        return members[0] if len(members) == 1 and members[0] is not Envelope else annotation
    try:
        hash(annotation)
    except TypeError:  # it is Annotated with something that cannot be a key
        return unannotated(annotation)
    return annotation


def names_of(annotation: Any) -> Iterator[Any]:
    """What is looked up for an annotation, the most exact first: ``Annotated[X[Y], ...]``, ``X[Y]``, and ``X``."""
    yield annotation
    exact = unannotated(annotation)
    if exact is not annotation:
        yield exact
    if isinstance(typing.get_origin(exact), type):
        yield typing.get_origin(exact)


def unannotated(annotation: Any) -> Any:
    """``X`` for ``Annotated[X, ...]``."""
    return plain(annotation.__origin__) if typing.get_origin(annotation) is typing.Annotated else annotation


def filled(annotation: Any, variables: dict[Any, Any]) -> Any:
    """``annotation`` with its type variables replaced."""
    if isinstance(annotation, TypeVar):
        return variables.get(annotation, annotation)
    free = getattr(annotation, "__parameters__", ()) if variables and typing.get_origin(annotation) else ()
    return annotation[tuple(variables.get(v, v) for v in free)] if free else annotation


def _matched(cls: Any, arguments: tuple[Any, ...]) -> dict[Any, Any]:
    return dict(zip(getattr(cls, "__parameters__", ()), arguments, strict=False))


def _names(factory: Any) -> dict[str, Any] | None:
    # Generated constructors (those of attrs, for one) have other globals than the class that they were made for.
    cls = typing.get_origin(factory) or factory
    if not isinstance(cls, type):
        return None
    module = sys.modules.get(_declaring(cls).__module__)
    return dict(vars(module)) if module is not None else None


def _declaring(cls: type) -> type:
    """The class that brings the constructor of ``cls``."""
    name = "__new__" if cls.__init__ is object.__init__ else "__init__"  # type: ignore[misc]
    return next(c for c in cls.__mro__ if name in vars(c))


def _read_hint(annotation: Any, scope: dict[str, Any], include_extras: bool) -> Any:  # noqa: FBT001  # private
    alone = types.SimpleNamespace(__annotations__={"it": annotation})
    try:
        return typing.get_type_hints(alone, globalns=scope, include_extras=include_extras)["it"]
    except (NameError, TypeError, AttributeError) as error:
        return Unreadable(error)
