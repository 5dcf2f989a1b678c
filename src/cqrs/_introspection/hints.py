"""Reads and evaluates the annotations of factories and classes."""

from __future__ import annotations

import collections.abc
import inspect
import sys
import types
import typing
from dataclasses import dataclass
from typing import Any, TypeVar

from typing_extensions import Format, TypeAliasType

from cqrs._introspection.annotations import evaluated, own_annotations
from cqrs._introspection.callables import called, unwrapped_function
from cqrs._introspection.generics import type_arguments

if typing.TYPE_CHECKING:
    from collections.abc import Callable, Iterator


# Since Python 3.14 a signature evaluates the annotations, which may name what is imported under TYPE_CHECKING only.
_LENIENT: dict[str, Any] = {"annotation_format": Format.FORWARDREF} if sys.version_info >= (3, 14) else {}


# On Python 3.12 and 3.13 typing_extensions has a class of its own.
_ALIASES: Any = (TypeAliasType, getattr(typing, "TypeAliasType", TypeAliasType))


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Stands for an annotation that names something which does not exist at run time."""

    error: Exception


def read_hints(factory: Callable[..., Any], *, include_extras: bool = False) -> dict[str, Any]:
    """Return the evaluated annotations of a function or of the constructor of a class.

    An annotation that cannot be evaluated is ``Unreadable``. Aliases made by a ``type`` statement are replaced by what
    they stand for.
    """
    hints = _read_hints(factory, include_extras)
    return {name: _without_alias(hint) for name, hint in hints.items()}


def _without_alias(hint: Any) -> Any:
    try:
        return unaliased(hint)
    except NameError as error:  # an alias is evaluated when it is first used
        return Unreadable(error)


def _read_hints(factory: Any, include_extras: bool) -> dict[str, Any]:  # noqa: FBT001  # private
    target, names = function_of(factory), _names(factory)
    inherited = _inherited(factory, include_extras)
    try:
        return typing.get_type_hints(target, localns=names, include_extras=include_extras) | inherited
    except (NameError, TypeError, AttributeError):
        # Evaluate them one by one, with the names that are most often imported under TYPE_CHECKING only.
        raw = own_annotations(target)
        scope = vars(collections.abc) | getattr(target, "__globals__", {}) | (names or {})
        return {name: _read_hint(annotation, scope, include_extras) for name, annotation in raw.items()} | inherited


def _inherited(factory: Any, include_extras: bool) -> dict[str, Any]:  # noqa: FBT001  # private
    """Return the annotations of inherited fields in a generated constructor, each evaluated where it was declared."""
    cls = typing.get_origin(factory) or factory
    if not (hasattr(cls, "__dataclass_fields__") or hasattr(cls, "__attrs_attrs__")) or not isinstance(cls, type):
        return {}
    declares, found = _declaring(cls), dict[str, Any]()
    taken = own_annotations(declares.__init__)  # type: ignore[misc]  # of the class itself
    for owner in reversed(declares.__mro__):
        scope = {**vars(sys.modules[owner.__module__])} if owner.__module__ in sys.modules else {}
        scope |= _own_variables(owner)
        for name, annotation in own_annotations(owner).items():
            found.pop(name, None)
            elsewhere = owner.__module__ != declares.__module__ or (owner is not declares and _own_variables(owner))
            if elsewhere and isinstance(annotation, str) and taken.get(name) == annotation:
                found[name] = _read_hint(annotation, vars(collections.abc) | scope, include_extras)
    return found


def write_inherited_hints(factory: Any) -> None:
    """Replace inherited annotations in the generated constructor of a class by what they mean.

    So other libraries that read the constructor find types, and not names from another module.
    """
    cls = typing.get_origin(factory) or factory
    own_names = isinstance(cls, type) and _own_variables(_declaring(cls))
    read = _read_hints(factory, True) if own_names else _inherited(factory, True)  # noqa: FBT003
    found = {n: hint for n, hint in read.items() if not isinstance(hint, Unreadable)}
    if found:
        function_of(factory).__annotations__.update(found)


def read_signature(factory: Callable[..., Any]) -> list[inspect.Parameter]:
    """Return the parameters of a function or of the constructor of a class, without ``self``.

    Raises ``ValueError`` or ``TypeError`` if it has no signature.
    """
    cls = typing.get_origin(factory) or factory
    if isinstance(cls, type) and not hasattr(cls, "__signature__") and inspect.isfunction(cls.__init__):  # type: ignore[misc]
        return list(inspect.signature(cls.__init__, **_LENIENT).parameters.values())[1:]  # type: ignore[misc]
    return list(inspect.signature(cls, **_LENIENT).parameters.values())


def function_of(factory: Any) -> Any:
    """Return the function that runs when ``factory`` is called, without wrappers around it."""
    found = unwrapped_function(typing.get_origin(factory) or factory)
    if isinstance(found, type):
        return found.__new__ if found.__init__ is object.__init__ else found.__init__  # type: ignore[misc]
    return called(found)


def type_variables(type_: Any) -> dict[Any, Any]:
    """Return what each type variable stands for in the constructor of a class that is asked for as ``type_``."""
    cls = typing.get_origin(type_) or type_
    own = _matched(cls, typing.get_args(type_))
    if not isinstance(cls, type):
        return own
    bases = [base for base in cls.__mro__[1:] if getattr(base, "__parameters__", ())]
    inherited = {v: a for base in bases for v, a in _matched(base, type_arguments(cls, base) or ()).items()}
    return {variable: filled(argument, own) for variable, argument in inherited.items()} | own


def without_none(annotation: Any) -> Any:
    """Return ``X`` for ``X | None``: whether a parameter can be left out depends on its default.

    ``Envelope | None`` is left as it is, because there may be no message.
    """
    annotation = unaliased(annotation)
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        members = [a for a in typing.get_args(annotation) if a is not type(None)]
        return members[0] if len(members) == 1 and not getattr(members[0], "_cqrs_may_be_absent", False) else annotation
    try:
        hash(annotation)
    except TypeError:  # Annotated with something that is not hashable
        return without_metadata(annotation)
    return annotation


def unaliased(annotation: Any, within: tuple[Any, ...] = ()) -> Any:
    """Replace aliases that were made by a ``type`` statement, also in arguments, as in ``Repo[Alias]``.

    An alias that refers to itself is not replaced again: ``within`` are the aliases that are being replaced.
    """
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    alias: Any = origin or annotation
    if isinstance(alias, _ALIASES):
        if alias in within:
            return annotation
        variables = dict(zip(alias.__type_params__, arguments, strict=False))
        return unaliased(filled(alias.__value__, variables), (*within, alias))
    if origin is typing.Annotated:
        exact = unaliased(annotation.__origin__, within)
        return annotation if exact is annotation.__origin__ else typing.Annotated[exact, *annotation.__metadata__]
    exact = tuple(unaliased(argument, within) for argument in arguments)
    if all(now is before for now, before in zip(exact, arguments, strict=True)):
        return annotation
    generic: Any = typing.Union if origin is types.UnionType else origin
    return generic[exact]


def names_of(annotation: Any) -> Iterator[Any]:
    """Yield the keys to look up for an annotation, the most exact first: ``Annotated[X[Y], ...]``, ``X[Y]``, ``X``."""
    yield annotation
    exact = without_metadata(annotation)
    if exact is not annotation:
        yield exact
    if isinstance(typing.get_origin(exact), type):
        yield typing.get_origin(exact)


def without_metadata(annotation: Any) -> Any:
    """Return ``X`` for ``Annotated[X, ...]``."""
    return without_none(annotation.__origin__) if typing.get_origin(annotation) is typing.Annotated else annotation


def filled(annotation: Any, variables: dict[Any, Any]) -> Any:
    """Return ``annotation`` with its type variables replaced."""
    if isinstance(annotation, TypeVar):
        return variables.get(annotation, annotation)
    free = type_variables_in(annotation) if variables else ()
    return annotation[tuple(variables.get(v, v) for v in free)] if free else annotation


def type_variables_in(annotation: Any) -> tuple[Any, ...]:
    """Return the type variables in ``annotation``."""
    if isinstance(annotation, TypeVar):
        return (annotation,)
    return getattr(annotation, "__parameters__", ()) if typing.get_origin(annotation) else ()


def _matched(cls: Any, arguments: tuple[Any, ...]) -> dict[Any, Any]:
    return dict(zip(getattr(cls, "__parameters__", ()), arguments, strict=False))


def _names(factory: Any) -> dict[str, Any] | None:
    # Generated constructors, such as those of attrs, have other globals than the class that they were made for.
    cls = typing.get_origin(factory) or factory
    if not isinstance(cls, type):
        return None
    module = sys.modules.get(_declaring(cls).__module__)
    variables = _own_variables(_declaring(cls))
    return dict(vars(module)) | variables if module is not None else variables or None


def _own_variables(cls: type) -> dict[str, Any]:
    """Return the type variables of ``class X[T]`` by name: its annotations use them, but its module lacks them."""
    return {variable.__name__: variable for variable in getattr(cls, "__type_params__", ())}


def _declaring(cls: type) -> type:
    """Return the class that defines the constructor of ``cls``."""
    name = "__new__" if cls.__init__ is object.__init__ else "__init__"  # type: ignore[misc]
    return next(c for c in cls.__mro__ if name in vars(c))


def _read_hint(annotation: Any, scope: dict[str, Any], include_extras: bool) -> Any:  # noqa: FBT001  # private
    try:
        return evaluated(annotation, scope, include_extras=include_extras)
    except (NameError, TypeError, AttributeError) as error:
        return Unreadable(error)
