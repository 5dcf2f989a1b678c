"""A class, and another that needs it."""

from __future__ import annotations


class Clock:
    pass


class Mail:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock
