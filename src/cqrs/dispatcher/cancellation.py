"""Lets a request scope close completely even if its turn is cancelled by anyio.

asyncio cancels once, and what a ``finally`` awaits after that runs to its end. anyio cancels again at every ``await``
until its cancel scope is left. Starlette uses anyio, and cancels a response when its client disconnects: a connection
would then be closed only up to its first ``await``. anyio has a shield for this. The shield cannot surround the whole
closing, which may leave cancel scopes that were entered before. So it surrounds each wait during the closing, for at
most ten seconds in total, because it hides cancel scopes within the closing as well.
"""

from __future__ import annotations

import asyncio
import inspect
import math
import sys
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from cqrs._tasks.blocks import await_exit

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from contextlib import AbstractAsyncContextManager
    from types import ModuleType, TracebackType

T = TypeVar("T")

PATIENCE = 10.0

_closing: dict[asyncio.Task[Any] | None, asyncio.Event] = {}


async def until_closed(task: asyncio.Task[Any]) -> None:
    """Return when ``task`` is not closing a request scope, so that cancelling it does no harm."""
    closed = _closing.get(task)
    if closed is not None:
        await closed.wait()


class UndisturbedExit(Generic[T]):
    """Wraps ``manager`` so that anyio does not cancel its exit, and that :func:`until_closed` waits for the exit."""

    __slots__ = ("_manager",)

    def __init__(self, manager: AbstractAsyncContextManager[T]) -> None:
        self._manager = manager

    def __aenter__(self) -> Awaitable[T]:
        return self._manager.__aenter__()

    def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> Awaitable[bool | None]:
        closing: Awaitable[bool | None] = self._manager.__aexit__(kind, error, traceback)
        if error is not None:
            closing = await_exit(closing, error)
        anyio = sys.modules.get("anyio")  # if it is not loaded, it does not cancel
        return closing if anyio is None else _undisturbed(closing, anyio)


async def _undisturbed(closing: Awaitable[Any], anyio: ModuleType) -> Any:
    coroutine: Coroutine[Any, Any, Any] = closing if inspect.iscoroutine(closing) else _awaited(closing)
    try:
        future = coroutine.send(None)
    except StopIteration as result:  # it had nothing to wait for
        return result.value
    task, closed = asyncio.current_task(), asyncio.Event()
    inner = _closing.setdefault(task, closed) is not closed  # code that closes a scope may use another one
    try:
        return await _drive(coroutine, future, anyio)
    finally:
        if not inner:
            del _closing[task]
            closed.set()


async def _awaited(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


async def _drive(coroutine: Coroutine[Any, Any, Any], future: Any, anyio: ModuleType) -> Any:
    end = anyio.current_time() + PATIENCE
    step: Callable[[Any], Any]
    value: Any = None
    try:
        while True:
            try:
                await _wait_for(future, anyio, end)
                step, value = coroutine.send, None
            except BaseException as error:  # noqa: BLE001  # every error is passed to the coroutine
                step, value = coroutine.throw, error
            try:
                future = step(value)
            except StopIteration as result:
                return result.value
    finally:
        value = None  # an error refers to this frame: without this both would live until a garbage collection


async def _wait_for(future: asyncio.Future[Any] | None, anyio: ModuleType, end: float) -> None:
    """Return when ``future`` is done, or without one after one iteration of the event loop."""
    while future is None or not future.done():
        # The deadline is -inf in a cancelled scope, and inf if there is no deadline. A value between may be a timeout
        # within the closing itself.
        shielded = math.isinf(anyio.current_effective_deadline()) and anyio.current_time() < end
        try:
            with anyio.CancelScope(shield=shielded, deadline=end if shielded else math.inf):
                await (asyncio.sleep(0) if future is None else asyncio.wait([future]))
        except asyncio.CancelledError as error:
            if future is None or not future.cancel(*error.args):
                raise
        if future is None:
            return
