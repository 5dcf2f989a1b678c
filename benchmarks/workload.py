"""A workload is data: what is done, by whom, and the ratio that is aimed at."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.counting import Told
    from benchmarks.timing import Run

T = TypeVar("T")
U = TypeVar("U")


@dataclasses.dataclass(frozen=True, slots=True)
class Work(Generic[T]):
    """Something to time. With ``less``, only what ``run`` takes longer than that, divided by ``parts``, counts.

    A sample does it at least ``least`` times: for work that shares something, such as a transaction, within a sample.
    """

    run: T
    less: T | None = None
    parts: int = 1
    least: int = 1

    def by(self, measure: Callable[[T], U]) -> Work[U]:
        """The same, of what ``measure`` makes of it: timers, or counts."""
        return Work(measure(self.run), None if self.less is None else measure(self.less), self.parts, self.least)


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
class Most:
    """A bound on what one operation of ours does: so many frames, calls into C, statements or connections."""

    what: Literal["frames", "c_calls", "statements", "connections"]
    bound: int

    def __str__(self) -> str:
        return f"≤ {self.bound} {self.what.replace('c_calls', 'C calls')}"


@dataclasses.dataclass(frozen=True, slots=True)
class Workload:
    """One line of the table.

    ``limit`` does the same by hand, with nothing between the caller and the work; a text names an entry of
    ``benchmarks.alone``, which does it in a process of its own. ``peer`` names entries of the script in
    ``benchmarks/peers`` that do the same with the peer. ``database`` counts what ours asks of a database.
    """

    name: str
    what: str
    ours: Work[Run]
    limit: Work[Run] | str
    peer: Work[str] | None = None
    targets: tuple[Target | Most, ...] = ()
    database: Told | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class FreshWorkload:
    """A line about programs: each side is a source text, timed once in each of several fresh interpreters."""

    name: str
    what: str
    ours: str
    limit: str
    peer: str | None = None
    targets: tuple[Target, ...] = ()
