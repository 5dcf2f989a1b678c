"""``with`` blocks out of generators, which an error leaves as it was raised.

Those of ``contextlib`` set ``__traceback__`` of the error that goes through them. An error that lets nobody set its
attributes, such as a frozen dataclass, answers with one of its own, and that would be raised in its place.
"""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
    from contextlib import AbstractAsyncContextManager, AbstractContextManager
    from types import TracebackType

P = ParamSpec("P")
T = TypeVar("T")


def told(error: BaseException, note: str) -> None:
    """Add ``note`` to ``error``, if it lets anybody do so."""
    with contextlib.suppress(Exception):
        error.add_note(note)


def is_refusal(raised: BaseException, error: BaseException | None) -> bool:
    """Whether ``raised`` says only that attributes of ``error``, which was leaving a block, cannot be set."""
    if error is None or raised is error:
        return False
    before = None
    found = raised.__traceback__
    while found is not None and found.tb_next is not None:
        before, found = found, found.tb_next
    if found is None or before is None or before.tb_frame.f_code.co_filename != contextlib.__file__:
        return False
    return found.tb_frame.f_code.co_name == "__setattr__"


async def as_raised(closing: Awaitable[bool | None], error: BaseException) -> bool | None:
    """What the exit of a block returns, which ``error`` is leaving."""
    try:
        return await closing
    except BaseException as raised:
        if is_refusal(raised, error):
            return False
        raise


class _Block(Generic[T]):
    __slots__ = ("_inner",)

    def __init__(self, inner: AbstractContextManager[T]) -> None:
        self._inner = inner

    def __enter__(self) -> T:
        return self._inner.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        try:
            return self._inner.__exit__(kind, error, traceback)
        except BaseException as raised:
            if is_refusal(raised, error):
                return False
            raise


class _AsyncBlock(Generic[T]):
    __slots__ = ("_inner",)

    def __init__(self, inner: AbstractAsyncContextManager[T]) -> None:
        self._inner = inner

    def __aenter__(self) -> Awaitable[T]:
        return self._inner.__aenter__()

    def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> Awaitable[bool | None]:
        closing = self._inner.__aexit__(kind, error, traceback)
        return closing if error is None else as_raised(closing, error)


def block(make: Callable[P, Generator[T, Any, Any]]) -> Callable[P, AbstractContextManager[T]]:
    """``contextlib.contextmanager``, through which every error passes as it is."""
    opens = contextlib.contextmanager(make)

    @functools.wraps(make)
    def opened(*args: P.args, **kwargs: P.kwargs) -> AbstractContextManager[T]:
        return _Block(opens(*args, **kwargs))

    return opened


def async_block(make: Callable[P, AsyncGenerator[T, Any]]) -> Callable[P, AbstractAsyncContextManager[T]]:
    """``contextlib.asynccontextmanager``, through which every error passes as it is."""
    opens = contextlib.asynccontextmanager(make)

    @functools.wraps(make)
    def opened(*args: P.args, **kwargs: P.kwargs) -> AbstractAsyncContextManager[T]:
        return cast("AbstractAsyncContextManager[T]", _AsyncBlock(opens(*args, **kwargs)))

    return opened
