"""Lets a request scope close in peace when its turn has been cancelled.

asyncio cancels once, and what a ``finally`` awaits after that runs to its end. anyio cancels again at every ``await``
until its cancel scope is left, and with it Starlette does, for a response whose client has gone: a connection would be
closed as far as its first ``await`` and no further. anyio has a shield for this. It must not be held around the whole
closing, which may leave cancel scopes that were entered before; so it is held around each wait in it.
"""

from __future__ import annotations

import asyncio
import math
import sys
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextlib import AbstractAsyncContextManager
    from types import ModuleType, TracebackType

T = TypeVar("T")


class ClosedInPeace(Generic[T]):
    """``manager``, with an exit that hears nothing of the cancellation that has led to it."""

    __slots__ = ("_manager",)

    def __init__(self, manager: AbstractAsyncContextManager[T]) -> None:
        self._manager = manager

    def __aenter__(self) -> Awaitable[T]:
        return self._manager.__aenter__()

    def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> Awaitable[bool | None]:
        closing = self._manager.__aexit__(kind, error, traceback)
        anyio = sys.modules.get("anyio")  # who has not loaded it cannot be cancelled by it
        return closing if anyio is None or not isinstance(error, asyncio.CancelledError) else _in_peace(closing, anyio)


async def _in_peace(closing: Awaitable[Any], anyio: ModuleType) -> Any:
    coroutine = _awaited(closing)
    step: Callable[[Any], Any] = coroutine.send
    value: Any = None
    while True:
        try:
            future = step(value)
        except StopIteration as end:
            return end.value
        try:
            await _done(future, anyio)
            step, value = coroutine.send, None
        except BaseException as error:  # noqa: BLE001  # whatever it is, it belongs to the coroutine
            step, value = coroutine.throw, error


async def _awaited(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


async def _done(future: asyncio.Future[Any] | None, anyio: ModuleType) -> None:
    """Returns when ``future`` is done; where there is none, after one round of the event loop."""
    if future is None:
        with anyio.CancelScope(shield=_disturbed(anyio)):
            await asyncio.sleep(0)
        return
    while not future.done():
        try:
            with anyio.CancelScope(shield=_disturbed(anyio)):
                await asyncio.wait([future])
        except asyncio.CancelledError as error:  # a timeout of the closing itself, for example
            if not future.cancel(*error.args):
                raise


def _disturbed(anyio: ModuleType) -> bool:
    """Whether a cancelled scope around us, and no shield in between, would cancel the next ``await``."""
    return bool(anyio.current_effective_deadline() == -math.inf)
