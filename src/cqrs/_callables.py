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
    """Whether calling ``function`` gives something to await. A wrapper counts as what it wraps."""
    return _is_coroutine_function(called(function)) or _declares(function, _AWAITABLE_TEXT)


def is_async_generator(function: object) -> bool:
    """Whether calling ``function`` gives something for ``async for``. A wrapper counts as what it wraps."""
    return inspect.isasyncgenfunction(called(function)) or _declares(function, _STREAM_TEXT)


def _is_coroutine_function(found: Any) -> bool:
    if inspect.iscoroutinefunction(found):
        return True
    mark = getattr(found, "_is_coroutine", None)  # what `awaited` sets before Python 3.12
    return mark is not None and mark is getattr(asyncio.coroutines, "_is_coroutine", None)


def _declares(function: object, result: re.Pattern[str]) -> bool:
    """Whether a function that is not async itself says that it returns such a thing. Annotations may be texts."""
    found = called(function)
    if found is None or inspect.iscoroutinefunction(found):
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
