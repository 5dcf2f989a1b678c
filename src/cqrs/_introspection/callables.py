"""What is known of a function, a method, a partial or an object that can be called, without calling it."""

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


def written(subject: Any) -> Any:
    """What somebody wrote behind a ``functools.partial`` or a wrapper; ``subject`` itself where there is neither."""
    found: Any = inspect.unwrap(subject)
    while isinstance(found, functools.partial):
        found = inspect.unwrap(found.func)
    return found


def called(subject: Any) -> Any:
    """The function that runs when ``subject`` is called: of an object that can be called, its method."""
    found = written(subject)
    return found if inspect.isroutine(found) else getattr(cast("Any", type(found)), "__call__", None)  # noqa: B004  # the method is wanted, not whether there is one


def named_parameters(function: Any) -> list[inspect.Parameter]:
    """The parameters but for ``*args`` and ``**kwargs``. Their annotations are not to be relied on."""
    parameters = inspect.signature(function, **_AS_TEXT).parameters.values()
    return [p for p in parameters if p.kind not in {p.VAR_POSITIONAL, p.VAR_KEYWORD}]


def is_async(function: object) -> bool:
    """Whether calling ``function`` gives something to await.

    What is called counts; a wrapper that is neither ``async`` nor a generator counts as what it wraps.
    """
    return _kind(function) == "async" or _declares(function, _AWAITABLE_TEXT)


def is_async_generator(function: object) -> bool:
    """Whether calling ``function`` gives something for ``async for``; for a wrapper as in :func:`is_async`."""
    return _kind(function) == "stream" or _declares(function, _STREAM_TEXT)


def is_coroutine_function(found: Any) -> bool:
    """Whether it is declared ``async``, or marked as if it were: by :func:`awaited`, or as an ``AsyncMock`` is."""
    if inspect.iscoroutinefunction(found):
        return True
    mark = getattr(found, "_is_coroutine", None)  # before Python 3.12 there is no other
    return mark is not None and mark is getattr(asyncio.coroutines, "_is_coroutine", None)


def _kind(subject: Any) -> str | None:
    """What a call of ``subject`` gives, from the outside in: the first that is ``async`` or a generator tells."""
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
            found = getattr(cast("Any", type(found)), "__call__", None)  # noqa: B004  # the method is wanted
            if found is None:
                return None


def _declares(function: object, result: re.Pattern[str]) -> bool:
    """Whether a function that is neither ``async`` nor a generator says that it returns such a thing."""
    found = None if _kind(function) else called(function)
    if found is None:
        return False
    return result.match(str(get_annotations(found, format=Format.STRING).get("return"))) is not None


def awaited(function: F) -> F:
    """Mark ``function``, which returns a coroutine and is not declared ``async``, as one that has to be awaited.

    Otherwise what asks for that, such as the background tasks of Starlette, would run it in a thread and never await
    what it returns.
    """
    subject: Any = function
    if sys.version_info >= (3, 12):
        inspect.markcoroutinefunction(subject)
    else:  # there is no public way
        subject._is_coroutine = cast("Any", asyncio.coroutines)._is_coroutine  # noqa: SLF001
    return function
