"""Describes what a container makes a type with, according to its bindings. Nothing is built to find that out."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_origin

from cqrs._introspection.calling import kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cqrs.container.resolving.plan import Path

    Origins = Iterator[tuple[Path, "Origin"]]

Made = Literal["value", "class", "function", "generator", "nothing", "unknown"]


@dataclass(frozen=True, slots=True)
class Origin:
    """What is bound for one type.

    ``given`` is the value, class or function, ``binding`` how that is written with this container, and ``needs`` are
    the types that are injected into it. ``how_to_bind(name, value)`` returns, for texts that people read, the code that
    binds the type ``name`` to ``value`` in this container.
    """

    made: Made
    given: Any
    binding: str
    how_to_bind: Callable[[str, str], str]
    needs: tuple[Any, ...] = ()


def made_by(factory: Any) -> Made:
    """Return the kind of ``factory``. A ``generator`` is everything that opens something and closes it afterwards."""
    if kind_of(factory)[0] in ("context", "async context"):
        return "generator"
    return "class" if isinstance(called_in(factory), type) else "function"


def called_in(factory: Any) -> Any:
    """Return what is called in the end: ``X`` for ``X[Y]``, and for a ``partial`` of it."""
    while isinstance(factory, functools.partial):
        factory = factory.func
    return get_origin(factory) or factory


def shown(given: object) -> str:
    """Return the text for a class, function or other object of a binding, for people to read."""
    return getattr(given, "__qualname__", None) or f"{type(given).__qualname__}(...)"
