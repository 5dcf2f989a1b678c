"""Old names of parameters, fields and methods: they work for one release and warn with the new name."""

from __future__ import annotations

import functools
import sys
import warnings
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from cqrs._introspection.annotations import own_annotations
from cqrs.errors.root import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

_COPYING = frozenset({"dataclasses", "copy"})
"""Modules whose ``replace`` calls a constructor for the user, with a value for every field."""


def renamed_fields(**new_by_old: str) -> Callable[[type[T]], type[T]]:
    """Let a dataclass accept and show its fields under their old names too.

    Type checkers, ``repr``, equality and pickling know the new names only. Raises ``InvalidArgument`` for a call that
    passes both names of one field.
    """

    def decorate(cls: type[T]) -> type[T]:
        settable = cast("Any", cls)
        settable.__init__ = renamed_parameters(cls.__qualname__, **new_by_old)(settable.__init__)
        for old, new in new_by_old.items():
            setattr(cls, old, property(_old_attribute(cls.__qualname__, old, new)))
        _watch_subclasses(cls, lambda subclass: _rename_own_fields(subclass, new_by_old))
        return cls

    return decorate


def renamed_methods(**new_by_old: str) -> Callable[[type[T]], type[T]]:
    """Let methods of a class be called, and be overridden in a subclass, under their old names too."""

    def decorate(cls: type[T]) -> type[T]:
        for old, new in new_by_old.items():
            setattr(cls, old, _old_method(cls, old, new))
        _watch_subclasses(cls, lambda subclass: _rename_own_methods(subclass, new_by_old))
        return cls

    return decorate


def renamed_parameters(of: str, /, **new_by_old: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a function accept keyword arguments under their old names too; ``of`` names it in the warning."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            if not new_by_old.keys().isdisjoint(kwargs):
                _rename(of, new_by_old, kwargs)
            return function(*args, **kwargs)

        return call

    return decorate


def _old_method(cls: type, old: str, new: str) -> Callable[..., Any]:
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        warnings.warn(_text(type(self).__qualname__, old, new), DeprecationWarning, stacklevel=2)
        # An override under the old name, which is that of the new one too, can only come here by super().
        kind: Any = self.__class__
        owner = kind if getattr(kind, old) is call else cls
        return getattr(owner, new)(self, *args, **kwargs)

    return call


def _watch_subclasses(cls: Any, rename: Callable[[Any], None]) -> None:
    def init_subclass(subclass: Any, /, **kwargs: Any) -> None:
        cast("Any", super(cls, subclass)).__init_subclass__(**kwargs)
        rename(subclass)

    cls.__init_subclass__ = classmethod(init_subclass)


def _rename_own_methods(subclass: Any, new_by_old: dict[str, str]) -> None:
    for old, new in new_by_old.items():
        if old in vars(subclass) and new not in vars(subclass):
            warnings.warn(_text(subclass.__qualname__, old, new), DeprecationWarning, stacklevel=4)
            setattr(subclass, new, vars(subclass)[old])


def _rename_own_fields(subclass: Any, new_by_old: dict[str, str]) -> None:
    """Let fields that a subclass declares again, with a default of its own, have their new names."""
    annotations = own_annotations(subclass)
    renamed = [name for name in new_by_old if name in annotations]
    for old in renamed:
        warnings.warn(_text(subclass.__qualname__, old, new_by_old[old]), DeprecationWarning, stacklevel=4)
        if old in vars(subclass):
            setattr(subclass, new_by_old[old], vars(subclass)[old])
            delattr(subclass, old)
    if renamed:
        subclass.__annotations__ = {new_by_old.get(name, name): kind for name, kind in annotations.items()}


def _rename(of: str, new_by_old: dict[str, str], given: dict[str, Any]) -> None:
    # The caller of the function, or `dataclasses.replace`, which calls it for the user.
    depth, frame = 2, sys._getframe(2)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # documented
    while frame.f_back is not None and frame.f_globals.get("__name__") in _COPYING:
        depth, frame = depth + 1, frame.f_back
    is_copying = depth > 2  # noqa: PLR2004  # then every new name is given, with the value that is to be replaced
    for old in [name for name in given if name in new_by_old]:
        new = new_by_old[old]
        if new in given and not is_copying:
            raise InvalidArgument(f"{of}: {old}", given[old], f"{new}, its new name, is given too: leave {old} out")
        warnings.warn(_text(of, old, new), DeprecationWarning, stacklevel=depth + 1)
        given[new] = given.pop(old)


def _old_attribute(of: str, old: str, new: str) -> Callable[[Any], Any]:
    def read(self: Any) -> Any:
        warnings.warn(_text(of, old, new), DeprecationWarning, stacklevel=2)
        return getattr(self, new)

    return read


def _text(of: str, old: str, new: str) -> str:
    return f"{of}: `{old}` is now called `{new}`; the old name is removed in the next release."
