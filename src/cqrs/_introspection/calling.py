"""How the result of a factory is obtained: by a call, by awaiting it, or as a context manager."""

from __future__ import annotations

import functools
import inspect
import typing
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Literal

from cqrs._introspection.callables import is_coroutine_function

if typing.TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator

Kind = Literal["plain", "async", "context", "async context"]


@contextmanager
def _an_example() -> Generator[None, None, None]:
    yield


@asynccontextmanager
async def _another_example() -> AsyncGenerator[None, None]:
    yield


# Every function that contextlib makes from a generator function has one of these code objects.
_CONTEXTS: dict[object, Kind] = {
    _an_example.__code__: "context",
    _another_example.__code__: "async context",
}


def kind_of(factory: Any) -> tuple[Kind, Callable[..., Any] | None]:
    """Return the kind of ``factory``, and for a generator function the decorator that makes it a context manager."""
    called: Any = typing.get_origin(factory) or factory
    while not isinstance(called, type):
        kind = _CONTEXTS.get(getattr(called, "__code__", None))
        if kind is not None:
            return kind, None
        if inspect.isasyncgenfunction(called):
            return "async context", asynccontextmanager
        if inspect.isgeneratorfunction(called):
            return "context", contextmanager
        if is_coroutine_function(called):
            return "async", None
        if isinstance(called, functools.partial):
            called = called.func
        elif hasattr(called, "__wrapped__"):
            called = called.__wrapped__
        elif inspect.isroutine(called):
            break
        else:
            called = type(called).__call__  # a callable object
    return "plain", None
