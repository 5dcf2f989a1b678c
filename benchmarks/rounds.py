"""Takes the samples: the sides in turns, so that a slow moment of the machine hits all of them."""

from __future__ import annotations

import dataclasses
import statistics
from typing import TYPE_CHECKING

from benchmarks.timing import calibrate

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping

    from benchmarks.timing import Timer
    from benchmarks.workload import Work

    Side = Callable[[], Awaitable[float]]


@dataclasses.dataclass(frozen=True, slots=True)
class Effort:
    """How many rounds, how many seconds a sample takes, and how many rounds where a sample is a program."""

    rounds: int = 61
    seconds: float = 0.01
    programs: int = 15


@dataclasses.dataclass(frozen=True, slots=True)
class Samples:
    """The figures of each side, round by round: seconds per operation, or messages per second."""

    taken: Mapping[str, list[float]]

    def __getitem__(self, side: str) -> float:
        """The median of a side."""
        return statistics.median(self.taken[side])

    def __contains__(self, side: str) -> bool:
        return side in self.taken

    def minimum(self, side: str) -> float:
        """The smallest figure of a side."""
        return min(self.taken[side])

    def ratio(self, side: str, to: str) -> float:
        """How many times the figure of ``to`` that of ``side`` is: the median of the ratios within each round."""
        return statistics.median(a / b for a, b in zip(self.taken[side], self.taken[to], strict=True))

    def only(self, ours: str, peer: str, limit: str) -> Samples:
        """Those of three sides that were measured, under the names of their columns."""
        named = {"ours": ours, "peer": peer, "limit": limit}
        return Samples({column: self.taken[side] for column, side in named.items() if side in self.taken})


def take(sides: Mapping[str, Work[Timer]], rounds: int, seconds: float) -> Samples:
    """Time every side in every round, each sample for about ``seconds``."""
    samplers = {name: _sampler(work, seconds) for name, work in sides.items()}
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for name in _in_turns(sides, rounds):
        taken[name].append(samplers[name]())
    return Samples(taken)


async def take_awaited(sides: Mapping[str, Side], rounds: int = 3) -> Samples:
    """Await every side in every round, for sides that measure themselves in the running event loop."""
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for name in _in_turns(sides, rounds):
        taken[name].append(await sides[name]())
    return Samples(taken)


def _in_turns(sides: Iterable[str], rounds: int) -> Iterator[str]:
    """Each side in each round, in an order that is reversed from one round to the next."""
    order = list(sides)
    for _ in range(rounds):
        yield from order
        order.reverse()


def _sampler(work: Work[Timer], seconds: float) -> Callable[[], float]:
    count = max(work.least, calibrate(work.run, seconds))

    def sample() -> float:
        took = work.run(count)
        if work.less is not None:
            took -= work.less(count)
        return took / count / work.parts

    return sample
