"""Crashes where a test wants them.

``CQRS_FAILPOINT=outbox.published:3:kill`` lets a process that calls :func:`install` die by SIGKILL when its relay gets
to the point ``outbox.published`` for the third time. ``raise`` in place of ``kill`` raises :class:`Fault` there, and
``stop`` sends SIGSTOP: the process goes on when somebody sends it SIGCONT. Several are separated by commas.

Points: ``lease.acquired``, ``lease.renewed``, ``outbox.claimed``, ``outbox.published``, ``outbox.settled``,
``inbox.inserted``, ``inbox.handled``, ``inbox.committed``.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cqrs import _failpoints

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

VARIABLE = "CQRS_FAILPOINT"


class Fault(RuntimeError):
    """What a failpoint raises. ``point`` is its name."""

    def __init__(self, point: str) -> None:
        super().__init__(point)
        self.point = point

    def __str__(self) -> str:
        return f"the failpoint {self.point} was set to raise"


@dataclass(frozen=True)
class Failpoint:
    """What happens at the ``count``-th time that ``point`` is reached."""

    point: str
    count: int
    action: str

    @classmethod
    def parse(cls, text: str) -> Failpoint:
        """Read ``name:n:action``. Raises ``ValueError`` for anything else."""
        point, count, action = [*text.strip().split(":"), "", ""][:3]
        if not count.isdigit() or action not in _ACTIONS:
            raise ValueError(f"{text!r} is no failpoint: write name:n:action, where action is {', '.join(_ACTIONS)}")
        return cls(point, int(count), action)


def _raise(point: str) -> None:
    raise Fault(point)


_ACTIONS: dict[str, Callable[[str], None]] = {
    "kill": lambda _: os.kill(os.getpid(), signal.SIGKILL),
    "stop": lambda _: os.kill(os.getpid(), signal.SIGSTOP),
    "raise": _raise,
}


def install(*failpoints: Failpoint) -> None:
    """Set ``failpoints``, or those of the environment; they replace the ones that were set before."""
    wanted = failpoints or [Failpoint.parse(text) for text in os.environ.get(VARIABLE, "").split(",") if text.strip()]
    if not wanted:
        _failpoints.listen(None)
        return
    seen: Counter[str] = Counter()

    def listener(point: str) -> None:
        seen[point] += 1
        for failpoint in wanted:
            if failpoint.point == point and failpoint.count == seen[point]:
                _ACTIONS[failpoint.action](point)

    _failpoints.listen(listener)


@contextmanager
def failpoint(point: str, count: int = 1) -> Generator[None]:
    """Raise :class:`Fault` at the ``count``-th time that this process reaches ``point``."""
    install(Failpoint(point, count, "raise"))
    try:
        yield
    finally:
        _failpoints.listen(None)
