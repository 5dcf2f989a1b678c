"""``with`` blocks made from generators that let every error pass unchanged.

The blocks of ``contextlib`` set ``__traceback__`` of the error that passes through them. An error whose attributes
cannot be set, such as a frozen dataclass, then raises another error, which would replace the original one.
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


def add_note(error: BaseException, note: str) -> None:
    """Add ``note`` to ``error``; do nothing if its attributes cannot be set."""
    with contextlib.suppress(Exception):
        error.add_note(note)


def failed_on_frozen_error(raised: BaseException, error: BaseException | None) -> bool:
    """Whether ``raised`` was raised only because ``contextlib`` could not set attributes of ``error``."""
    if error is None or raised is error:
        return False
    before = None
    found = raised.__traceback__
    while found is not None and found.tb_next is not None:
        before, found = found, found.tb_next
    if found is None or before is None or before.tb_frame.f_code.co_filename != contextlib.__file__:
        return False
    return found.tb_frame.f_code.co_name == "__setattr__"


async def await_exit(closing: Awaitable[bool | None], error: BaseException) -> bool | None:
    """Await the exit of a block that ``error`` is leaving; return ``False`` if it fails only on a frozen ``error``."""
    try:
        return await closing
    except BaseException as raised:
        if failed_on_frozen_error(raised, error):
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
            if failed_on_frozen_error(raised, error):
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
        return closing if error is None else await_exit(closing, error)


def block(make: Callable[P, Generator[T, Any, Any]]) -> Callable[P, AbstractContextManager[T]]:
    """Like ``contextlib.contextmanager``, but every error passes through unchanged."""
    opens = contextlib.contextmanager(make)

    @functools.wraps(make)
    def opened(*args: P.args, **kwargs: P.kwargs) -> AbstractContextManager[T]:
        return _Block(opens(*args, **kwargs))

    return opened


def async_block(make: Callable[P, AsyncGenerator[T, Any]]) -> Callable[P, AbstractAsyncContextManager[T]]:
    """Like ``contextlib.asynccontextmanager``, but every error passes through unchanged."""
    opens = contextlib.asynccontextmanager(make)

    @functools.wraps(make)
    def opened(*args: P.args, **kwargs: P.kwargs) -> AbstractAsyncContextManager[T]:
        return cast("AbstractAsyncContextManager[T]", _AsyncBlock(opens(*args, **kwargs)))

    return opened
