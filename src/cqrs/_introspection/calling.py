"""How a factory is called: at once, awaited, or entered as a context manager."""

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


# What contextlib makes of a generator function is a function of this code.
_CONTEXTS: dict[object, Kind] = {
    _an_example.__code__: "context",
    _another_example.__code__: "async context",
}


def kind_of(factory: Any) -> tuple[Kind, Callable[..., Any] | None]:
    """How ``factory`` is called, and what has to be made of it first, if it is a generator function."""
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
            called = type(called).__call__  # an object that can be called
    return "plain", None
