"""Handlers of SIGTERM and SIGINT for running services, which also call the handlers that were there before."""

from __future__ import annotations

import asyncio
import signal
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

_SIGNALS = (signal.SIGTERM, signal.SIGINT)

_running: list[tuple[asyncio.AbstractEventLoop, Callable[[], None]]] = []
_in_main_thread: list[Callable[[], None]] = []  # those of them that were started in the main thread


class _Handler:
    """Ends all running services, and then calls the handler that was there before."""

    def __init__(self, previous: Any) -> None:
        self.previous = previous

    def __call__(self, number: int, frame: Any) -> None:
        for loop, end in tuple(_running):
            with suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(end)
        if _is_of_application(self.previous):
            _hold_back(number)
            self.previous(number, frame)
        elif not _running:  # other code has installed this again after the end of all services
            signal.signal(number, self.previous)
            signal.raise_signal(number)


@contextmanager
def called_at_signals(end: Callable[[], None]) -> Generator[None]:
    """Call ``end``, and that of every other running service, at SIGTERM or SIGINT.

    Handlers of other code, such as those of a web server, are called too, and are installed again at the end. No
    handler is installed outside of the main thread.
    """
    one = (asyncio.get_running_loop(), end)
    mine = [end] if threading.current_thread() is threading.main_thread() else []
    _running.append(one)
    _in_main_thread.extend(mine)
    for number in _SIGNALS:
        previous = signal.getsignal(number)
        if isinstance(previous, _Handler) or previous is None:  # of another service; not installed by Python code
            continue
        with suppress(ValueError):  # not in this thread
            signal.signal(number, _Handler(previous))
    try:
        yield
    finally:
        _running.remove(one)
        for number in _SIGNALS if not _running else ():
            current = signal.getsignal(number)
            if isinstance(current, _Handler):
                with suppress(ValueError):
                    signal.signal(number, current.previous)
        for ended in mine:
            _in_main_thread.remove(ended)
        if mine and not _in_main_thread:
            _let_through()


def _hold_back(number: int) -> None:
    """Block SIGTERM until our services have ended: a web server such as uvicorn raises the signal again at its own end.

    It has then restored the default handler, so that the signal would end the program at once.
    """
    if number == signal.SIGTERM and _in_main_thread and hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {number})


def _let_through() -> None:
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})


def _is_of_application(handler: Any) -> bool:
    """Whether ``handler`` belongs to the application, and is not one with which Python ends the program at once."""
    of_runner = isinstance(getattr(getattr(handler, "func", None), "__self__", None), asyncio.Runner)
    return callable(handler) and handler is not signal.default_int_handler and not of_runner
