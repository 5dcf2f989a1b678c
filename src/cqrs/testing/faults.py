"""Failpoints: crash a process at a named point, or record the points that it passes.

A point has a name and lies between two effects that a crash can separate; :data:`POINTS` lists all of them. A process
that calls :func:`install` is controlled by its environment:

* ``CQRS_FAILPOINT=outbox.published:3:kill`` ends the process by SIGKILL when it reaches ``outbox.published`` for the
  third time. In place of ``kill``, ``raise`` raises :class:`Fault` there, and ``stop`` sends SIGSTOP: the process
  continues after a SIGCONT. Several failpoints are separated by commas.
* ``CQRS_FAILPOINT_TRACE=FILE`` appends each point that the process passes to a file, which :func:`read_trace` reads.

:func:`crash_matrix` makes one failpoint for each point in a trace, so that a run can be killed at each of them.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cqrs import _failpoints
from cqrs._failpoints import POINTS, Point
from cqrs.errors.root import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

__all__ = [
    "POINTS",
    "TRACE",
    "VARIABLE",
    "Failpoint",
    "Fault",
    "Passage",
    "Point",
    "crash_matrix",
    "failpoint",
    "install",
    "read_trace",
    "trace",
]

VARIABLE = "CQRS_FAILPOINT"
TRACE = "CQRS_FAILPOINT_TRACE"


class Fault(RuntimeError):
    """Raised by a failpoint that was set to raise. ``point`` is its name."""

    def __init__(self, point: str) -> None:
        super().__init__(point)
        self.point = point

    def __str__(self) -> str:
        return f"the failpoint {self.point} was set to raise"


@dataclass(frozen=True)
class Failpoint:
    """An ``action`` that is taken when a process reaches ``point`` for the ``count``-th time, counted from 1.

    Raises ``InvalidArgument``, a ``ValueError``, if there is no such point or action.
    """

    point: str
    count: int
    action: str

    def __post_init__(self) -> None:
        if self.point not in POINTS:
            raise InvalidArgument("point", self.point, f"give one of {', '.join(POINTS)}")
        if self.count < 1:
            raise InvalidArgument("count", self.count, "give a number from 1")
        if self.action not in _ACTIONS:
            raise InvalidArgument("action", self.action, f"give one of {', '.join(_ACTIONS)}")

    @classmethod
    def parse(cls, text: str) -> Failpoint:
        """Read ``name:n:action``. Raises ``InvalidArgument``, a ``ValueError``, for anything else."""
        point, count, action = [*text.strip().split(":"), "", ""][:3]
        if not count.isdigit():
            remedy = f"write name:n:action, where action is one of {', '.join(_ACTIONS)}"
            raise InvalidArgument("failpoint", text, remedy)
        return cls(point, int(count), action)

    def __str__(self) -> str:
        return f"{self.point}:{self.count}:{self.action}"


@dataclass(frozen=True)
class Passage:
    """A process has reached ``point`` for the ``count``-th time, counted from 1."""

    point: str
    count: int


def _raise(point: str) -> None:
    raise Fault(point)


_ACTIONS: dict[str, Callable[[str], None]] = {
    "kill": lambda _: os.kill(os.getpid(), signal.SIGKILL),
    "stop": lambda _: os.kill(os.getpid(), signal.SIGSTOP),
    "raise": _raise,
}


def install(*failpoints: Failpoint) -> None:
    """Set ``failpoints``, or without arguments those of the environment. They replace the ones that were set before.

    If ``CQRS_FAILPOINT_TRACE`` names a file, each point that the process passes is appended to it.
    """
    wanted = failpoints or [Failpoint.parse(text) for text in os.environ.get(VARIABLE, "").split(",") if text.strip()]
    file = os.environ.get(TRACE)
    records = [] if not file else [_appending_to(file)]
    _failpoints.listen(_listener(records, wanted) if records or wanted else None)


@contextmanager
def failpoint(point: str, count: int = 1) -> Generator[None]:
    """Raise :class:`Fault` at the ``count``-th time that this process reaches ``point``.

    Raises ``InvalidArgument``, a ``ValueError``, if there is no such point.
    """
    with _listening(_listener([], [Failpoint(point, count, "raise")])):
        yield


@contextmanager
def trace() -> Generator[list[Passage]]:
    """Record the points that this process passes within the block, in order; the list grows meanwhile."""
    passages: list[Passage] = []
    with _listening(_listener([passages.append], [])):
        yield passages


def read_trace(file: str | Path) -> list[Passage]:
    """Return the passages that processes have appended to ``file``, in order."""
    lines = (line.split() for line in Path(file).read_text(encoding="utf-8").splitlines())
    return [Passage(point, int(count)) for point, count in lines]


def crash_matrix(passages: Iterable[Passage], action: str = "kill") -> list[Failpoint]:
    """Return a failpoint for each different passage, in order.

    For each of them: run the traced scenario again with the failpoint, then once more without, and check the result.
    """
    return [
        Failpoint(point, count, action) for point, count in dict.fromkeys((one.point, one.count) for one in passages)
    ]


@contextmanager
def _listening(listener: Callable[[str], None]) -> Generator[None]:
    previous = _failpoints.listen(listener)
    try:
        yield
    finally:
        _failpoints.listen(previous)


def _listener(records: Iterable[Callable[[Passage], None]], failpoints: Iterable[Failpoint]) -> Callable[[str], None]:
    seen: Counter[str] = Counter()
    actions = {(one.point, one.count): _ACTIONS[one.action] for one in failpoints}

    def listener(point: str) -> None:
        seen[point] += 1
        for record in records:
            record(Passage(point, seen[point]))
        action = actions.get((point, seen[point]))
        if action is not None:
            action(point)

    return listener


def _appending_to(file: str) -> Callable[[Passage], None]:
    descriptor = os.open(file, os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o644)

    def record(passage: Passage) -> None:
        # Without a buffer, because the process may be killed next.
        os.write(descriptor, f"{passage.point} {passage.count}\n".encode())

    return record
