"""A workload is data: what is done, by whom, and the ratio that is aimed at."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.timing import Run, Timer

T = TypeVar("T")


@dataclasses.dataclass(frozen=True, slots=True)
class Work(Generic[T]):
    """Something to time. With ``less``, only what ``run`` takes longer than that, divided by ``parts``, counts."""

    run: T
    less: T | None = None
    parts: int = 1

    def by(self, timer: Callable[[T], Timer]) -> Work[Timer]:
        """The same, timed by what ``timer`` makes of it."""
        return Work(timer(self.run), None if self.less is None else timer(self.less), self.parts)


@dataclasses.dataclass(frozen=True, slots=True)
class Target:
    """A bound: at most so many times the limit, or at least so many times faster than the peer."""

    than: Literal["limit", "peer"]
    bound: float

    def met(self, ratio: float) -> bool:
        """Whether ``ratio`` (ours to limit, or peer to ours) keeps the bound."""
        return ratio <= self.bound if self.than == "limit" else ratio >= self.bound

    def __str__(self) -> str:
        return f"{'≤' if self.than == 'limit' else '≥'} {self.bound:g}× {self.than}"


@dataclasses.dataclass(frozen=True, slots=True)
class Workload:
    """One line of the table.

    ``limit`` does the same by hand, with nothing between the caller and the work. ``peer`` names entries of the
    script in ``benchmarks/peers`` that do the same with the peer.
    """

    name: str
    what: str
    ours: Work[Run]
    limit: Work[Run]
    peer: Work[str] | None = None
    targets: tuple[Target, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class FreshWorkload:
    """A line about programs: each side is a source text, timed once in each of several fresh interpreters."""

    name: str
    what: str
    ours: str
    limit: str
    peer: str | None = None
    targets: tuple[Target, ...] = ()
