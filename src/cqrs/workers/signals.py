"""SIGTERM and SIGINT for services that run, beside whatever else in the process listens to them."""

from __future__ import annotations

import asyncio
import signal
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Generator

_SIGNALS = (signal.SIGTERM, signal.SIGINT)

_running: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []


class _Handler:
    """Tells all services that run, and then whoever listened before."""

    def __init__(self, previous: Any) -> None:
        self.previous = previous

    def __call__(self, number: int, frame: Any) -> None:
        for loop, ending in tuple(_running):
            with suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(ending.set)
        if _listens(self.previous):
            self.previous(number, frame)
        elif not _running:  # somebody has put this back after the end of all services
            signal.signal(number, self.previous)
            signal.raise_signal(number)


@contextmanager
def told_by_signals(ending: asyncio.Event) -> Generator[None]:
    """Set ``ending``, and that of every other service that runs, at SIGTERM or SIGINT.

    Handlers of others, such as those of a web server, are called too, and are there again at the end. Outside of
    the main thread nothing happens.
    """
    one = (asyncio.get_running_loop(), ending)
    _running.append(one)
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


def _listens(handler: Any) -> bool:
    """Whether it is a handler of the application, and not one by which Python ends the program at once."""
    of_runner = isinstance(getattr(getattr(handler, "func", None), "__self__", None), asyncio.Runner)
    return callable(handler) and handler is not signal.default_int_handler and not of_runner
