"""When the server of an event stream is told to stop. ASGI tells it to no request, and servers wait for all of them."""

from __future__ import annotations

import asyncio
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Generator


class ServerStops(Exception):
    """The stream has to end although its handler has more to say."""


_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_told: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}
_replaced: dict[int, tuple[Callable[..., Any], Callable[..., Any]]] = {}


@contextmanager
def server_stop() -> Generator[asyncio.Event]:
    """An event that is set when the process is told to stop, by a signal that its server handles.

    The server's own handler is called first. Outside of the main thread nothing is heard.
    """
    stop = asyncio.Event()
    _told[stop] = asyncio.get_running_loop()
    if threading.current_thread() is threading.main_thread():
        _listen()
    try:
        yield stop
    finally:
        del _told[stop]
        if not _told and threading.current_thread() is threading.main_thread():
            _listen_no_more()


def _listen() -> None:
    for number in _SIGNALS:
        handler = signal.getsignal(number)
        # where nobody handles the signal, the process ends at once, and streams with it
        if callable(handler) and handler not in (signal.default_int_handler, _replaced.get(number, (None,))[0]):
            _replaced[number] = (told := _telling(handler)), handler
            signal.signal(number, told)


def _listen_no_more() -> None:
    for number, (ours, theirs) in list(_replaced.items()):
        del _replaced[number]
        if signal.getsignal(number) is ours:  # or else somebody has put the server's back, or theirs around ours
            signal.signal(number, theirs)


def _telling(handler: Callable[..., Any]) -> Callable[..., Any]:
    def told(*arguments: Any) -> None:
        handler(*arguments)
        for stop, loop in list(_told.items()):
            if not loop.is_closed():
                loop.call_soon_threadsafe(stop.set)

    return told
