"""How long to wait before the next try."""

from __future__ import annotations

import dataclasses
import random

_jitter = random.Random()  # noqa: S311  # it spreads tries over time, it hides nothing


@dataclasses.dataclass(frozen=True, slots=True)
class Backoff:
    """Waits that grow from ``first`` seconds by ``factor`` up to ``longest``.

    Each is shortened by up to ``jitter`` of itself, so that those who failed together do not come back together.
    """

    first: float
    longest: float
    factor: float = 2.0
    jitter: float = 0.25

    def seconds(self, tries: int) -> float:
        """The wait after so many tries in a row, the first being 1."""
        steps = min(tries - 1, 64)  # beyond that a float overflows
        return min(self.longest, self.first * self.factor**steps) * (1 - self.jitter * _jitter.random())
