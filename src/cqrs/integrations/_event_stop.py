"""Notices that the server of an event stream stops. ASGI does not notify requests, and servers wait for all to end."""

from __future__ import annotations

import asyncio
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Generator


class ServerStops(Exception):
    """The stream has to end although its handler has not ended."""


_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_waiting: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}
_replaced: dict[int, tuple[Callable[..., Any], Callable[..., Any]]] = {}


@contextmanager
def server_stop() -> Generator[asyncio.Event]:
    """An event that is set when the process gets a signal to stop that its server handles.

    The server's own handler is called first. Outside of the main thread the event is never set.
    """
    stop = asyncio.Event()
    _waiting[stop] = asyncio.get_running_loop()
    if threading.current_thread() is threading.main_thread():
        _replace_handlers()
    try:
        yield stop
    finally:
        del _waiting[stop]
        if not _waiting and threading.current_thread() is threading.main_thread():
            _restore_handlers()


def _replace_handlers() -> None:
    for number in _SIGNALS:
        handler = signal.getsignal(number)
        # Without a handler the signal ends the process at once, and its streams with it.
        if callable(handler) and handler not in (signal.default_int_handler, _replaced.get(number, (None,))[0]):
            _replaced[number] = (notifying := _notifying(handler)), handler
            signal.signal(number, notifying)


def _restore_handlers() -> None:
    for number, (ours, theirs) in list(_replaced.items()):
        del _replaced[number]
        # Else other code has restored the server's handler, or wrapped this one.
        if signal.getsignal(number) is ours:
            signal.signal(number, theirs)


def _notifying(handler: Callable[..., Any]) -> Callable[..., Any]:
    def notifying(*arguments: Any) -> None:
        handler(*arguments)
        for stop, loop in list(_waiting.items()):
            if not loop.is_closed():
                loop.call_soon_threadsafe(stop.set)

    return notifying
