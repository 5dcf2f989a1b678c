"""Takes the samples: the sides in turns, so that a slow moment of the machine hits all of them."""

from __future__ import annotations

import dataclasses
import statistics
from typing import TYPE_CHECKING

from benchmarks.timing import calibrate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.timing import Timer
    from benchmarks.workload import Work


@dataclasses.dataclass(frozen=True, slots=True)
class Effort:
    """How many rounds, how many seconds a sample takes, and how many rounds where a sample is a program."""

    rounds: int = 61
    seconds: float = 0.01
    programs: int = 15


@dataclasses.dataclass(frozen=True, slots=True)
class Samples:
    """The seconds per operation of every side, round by round."""

    seconds: Mapping[str, list[float]]

    def median(self, side: str) -> float:
        """The median of one side."""
        return statistics.median(self.seconds[side])

    def minimum(self, side: str) -> float:
        """The best round of one side."""
        return min(self.seconds[side])

    def ratio(self, side: str, to: str) -> float:
        """How many times the seconds of ``to`` the ``side`` takes: the median of the ratios within each round."""
        return statistics.median(a / b for a, b in zip(self.seconds[side], self.seconds[to], strict=True))


def take(sides: Mapping[str, Work[Timer]], rounds: int, seconds: float) -> Samples:
    """Time every side in every round, in an order that turns around from one round to the next."""
    runners = {name: _sampler(work, seconds) for name, work in sides.items()}
    taken: dict[str, list[float]] = {name: [] for name in sides}
    order = list(runners)
    for _ in range(rounds):
        for name in order:
            taken[name].append(runners[name]())
        order.reverse()
    return Samples(taken)


def _sampler(work: Work[Timer], seconds: float) -> Callable[[], float]:
    count = max(work.least, calibrate(work.run, seconds))

    def sample() -> float:
        took = work.run(count)
        if work.less is not None:
            took -= work.less(count)
        return took / count / work.parts

    return sample
