"""A clock that moves only when a test advances it."""

from __future__ import annotations


class ManualClock:
    """A clock for each parameter named ``clock``; it stands still until :meth:`advance` is called."""

    def __init__(self, start: float = 0.0) -> None:
        self._now = start

    def __call__(self) -> float:
        """Return the time, in seconds."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass. Raises ``ValueError`` for a negative number."""
        if seconds < 0:
            msg = f"A clock cannot go back by {-seconds} s: build a new one."
            raise ValueError(msg)
        self._now += seconds
