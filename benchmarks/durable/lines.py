"""The lines of the table, and what stands in them."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, ParamSpec

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from benchmarks.durable.counting import Counts
    from benchmarks.durable.peer import Measured

P = ParamSpec("P")

ROUNDS = 3


def line(name: str, found: str, target: str = "", met: bool | None = None) -> None:  # noqa: FBT001  # the verdict
    """Print one; ``name`` is empty where it goes on with the one before."""
    verdict = "" if met is None else f"   {target}: {'met' if met else 'missed'}"
    print(f"{name:<30}{found}{verdict}", flush=True)


def times(mine: float, theirs: float, least: int) -> None:
    """Print how many times the peer that is, and how many it has to be."""
    line("", f"{mine / theirs:.0f}x the peer ({theirs:,.0f}/s)", f">= {least}x", mine >= least * theirs)


def counted(mine: Counts, count: int, theirs: Measured | None = None) -> None:
    """Print what the server was told, for so many messages. BEGIN and COMMIT are statements, too."""
    text = f"per 1,000 messages: {mine.per_thousand(count)}"
    if theirs is not None:
        text += f"; the peer {theirs.counts.per_thousand(theirs.count)}"
    line("", text)


async def middle(measured: Callable[P, Awaitable[float]], *args: P.args, **kwargs: P.kwargs) -> float:
    """The median of some rounds."""
    return median([await measured(*args, **kwargs) for _ in range(ROUNDS)])
