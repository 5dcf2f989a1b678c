"""SIGTERM and SIGINT for services that run, beside whatever else in the process listens to them."""

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
_in_main_thread: list[Callable[[], None]] = []  # of those that run


class _Handler:
    """Tells all services that run, and then whoever listened before."""

    def __init__(self, previous: Any) -> None:
        self.previous = previous

    def __call__(self, number: int, frame: Any) -> None:
        for loop, end in tuple(_running):
            with suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(end)
        if _listens(self.previous):
            _hold_back(number)
            self.previous(number, frame)
        elif not _running:  # somebody has put this back after the end of all services
            signal.signal(number, self.previous)
            signal.raise_signal(number)


@contextmanager
def told_by_signals(end: Callable[[], None]) -> Generator[None]:
    """Call ``end``, and that of every other service that runs, at SIGTERM or SIGINT.

    Handlers of others, such as those of a web server, are called too, and are there again at the end. Outside of
    the main thread nothing happens.
    """
    one = (asyncio.get_running_loop(), end)
    mine = [end] if threading.current_thread() is threading.main_thread() else []
    _running.append(one)
    _in_main_thread.extend(mine)
    for number in _SIGNALS:
        previous = signal.getsignal(number)
        if isinstance(previous, _Handler) or previous is None:  # of another service; of no Python code
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
    """Let a web server end the program with the signal that it got, as uvicorn does, only when our services have ended.

    It has put back what was there before it, so that SIGTERM, raised again, would end the program at once.
    """
    if number == signal.SIGTERM and _in_main_thread and hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {number})


def _let_through() -> None:
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})


def _listens(handler: Any) -> bool:
    """Whether it is a handler of the application, and not one by which Python ends the program at once."""
    of_runner = isinstance(getattr(getattr(handler, "func", None), "__self__", None), asyncio.Runner)
    return callable(handler) and handler is not signal.default_int_handler and not of_runner
