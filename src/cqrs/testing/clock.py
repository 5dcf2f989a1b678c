"""A clock that moves when a test says so."""

from __future__ import annotations


class ManualClock:
    """Give it to whatever takes a ``clock``; it stands still between two calls of :meth:`advance`."""

    def __init__(self, start: float = 0.0) -> None:
        self._now = start

    def __call__(self) -> float:
        """Tell the time, in seconds."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass. Time does not go back."""
        if seconds < 0:
            msg = f"A clock cannot go back by {-seconds} s: build a new one."
            raise ValueError(msg)
        self._now += seconds
