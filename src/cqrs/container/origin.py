"""What a container makes a type with, as its bindings tell: nothing is built to find out."""

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

    ``given`` is the value, class or function, ``binding`` how that was written in terms of the container, ``needs``
    the types that are injected into it. ``instead`` tells, for a message to a person, how a type of the first name is
    bound to a value of the second.
    """

    made: Made
    given: Any
    binding: str
    instead: Callable[[str, str], str]
    needs: tuple[Any, ...] = ()


def made_by(factory: Any) -> Made:
    """What kind of thing ``factory`` is. A ``generator`` is all that opens something and closes it afterwards."""
    if kind_of(factory)[0] in ("context", "async context"):
        return "generator"
    return "class" if isinstance(called_in(factory), type) else "function"


def called_in(factory: Any) -> Any:
    """What is called in the end: ``X`` for ``X[Y]`` and for a ``partial`` of it."""
    while isinstance(factory, functools.partial):
        factory = factory.func
    return get_origin(factory) or factory


def shown(given: object) -> str:
    """A class, function or other object in a binding, for a message to a person."""
    return getattr(given, "__qualname__", None) or f"{type(given).__qualname__}(...)"
