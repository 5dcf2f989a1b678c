"""Facts about functions, methods, partials and callable objects, found out without calling them."""

from __future__ import annotations

import asyncio
import functools
import inspect
import re
import sys
from typing import Any, TypeVar, cast

from typing_extensions import Format, get_annotations

F = TypeVar("F")

# since Python 3.14 a signature evaluates the annotations, which may name what is imported for the type checker only
_AS_TEXT: dict[str, Any] = {"annotation_format": Format.STRING} if sys.version_info >= (3, 14) else {}
_STREAM_TEXT = re.compile(r"\W*(class ')?(\w+\.)*Async(Iterator|Iterable|Generator)\b")
_AWAITABLE_TEXT = re.compile(r"\W*(class ')?(\w+\.)*(Awaitable|Coroutine)\b")


def unwrapped_function(subject: Any) -> Any:
    """Return the function inside a ``functools.partial`` or a wrapper; ``subject`` itself if it is neither."""
    found: Any = inspect.unwrap(subject)
    while isinstance(found, functools.partial):
        found = inspect.unwrap(found.func)
    return found


def called(subject: Any) -> Any:
    """Return the function that runs when ``subject`` is called; for a callable object its ``__call__``."""
    found = unwrapped_function(subject)
    return found if inspect.isroutine(found) else getattr(cast("Any", type(found)), "__call__", None)  # noqa: B004  # the method itself is needed


def named_parameters(function: Any) -> list[inspect.Parameter]:
    """Return the parameters except ``*args`` and ``**kwargs``. Do not use their annotations: they may be text."""
    parameters = inspect.signature(function, **_AS_TEXT).parameters.values()
    return [p for p in parameters if p.kind not in {p.VAR_POSITIONAL, p.VAR_KEYWORD}]


def is_async(function: object) -> bool:
    """Whether the result of calling ``function`` has to be awaited.

    A wrapper that is neither ``async`` nor a generator function counts as the function that it wraps.
    """
    return _kind(function) == "async" or _declares(function, _AWAITABLE_TEXT)


def is_async_generator(function: object) -> bool:
    """Whether the result of calling ``function`` is for ``async for``; wrappers count as in :func:`is_async`."""
    return _kind(function) == "stream" or _declares(function, _STREAM_TEXT)


def is_coroutine_function(found: Any) -> bool:
    """Whether it is declared ``async`` or marked as such, by :func:`awaited` or as an ``AsyncMock`` is."""
    if inspect.iscoroutinefunction(found):
        return True
    mark = getattr(found, "_is_coroutine", None)  # the only mark before Python 3.12
    return mark is not None and mark is getattr(asyncio.coroutines, "_is_coroutine", None)


def _kind(subject: Any) -> str | None:
    """Return "async" or "stream" for the outermost function that is ``async`` or an async generator, else ``None``."""
    found: Any = subject
    while True:
        if is_coroutine_function(found):
            return "async"
        if inspect.isasyncgenfunction(found):
            return "stream"
        if isinstance(found, functools.partial):
            found = found.func
        elif hasattr(found, "__wrapped__"):
            found = found.__wrapped__
        elif inspect.isroutine(found) or isinstance(found, type):
            return None
        else:
            found = getattr(cast("Any", type(found)), "__call__", None)  # noqa: B004  # the method itself is needed
            if found is None:
                return None


def _declares(function: object, result: re.Pattern[str]) -> bool:
    """Whether a function that is neither ``async`` nor a generator is annotated to return such a ``result``."""
    found = None if _kind(function) else called(function)
    if found is None:
        return False
    return result.match(str(get_annotations(found, format=Format.STRING).get("return"))) is not None


def awaited(function: F) -> F:
    """Mark ``function``, which returns a coroutine but is not declared ``async``, as a coroutine function.

    Otherwise code that asks for this, such as the background tasks of Starlette, would run it in a thread and never
    await its result.
    """
    subject: Any = function
    if sys.version_info >= (3, 12):
        inspect.markcoroutinefunction(subject)
    else:  # there is no public way
        subject._is_coroutine = cast("Any", asyncio.coroutines)._is_coroutine  # noqa: SLF001
    return function
