"""What one operation does, in numbers that no noise can change; both sides use this module."""

from __future__ import annotations

import dataclasses
import sys
import tracemalloc
from typing import TYPE_CHECKING

from benchmarks.timing import in_the_loop

if TYPE_CHECKING:
    from types import FrameType

    from benchmarks.timing import Run
    from benchmarks.workload import Work

_MANY = 32
_COUNTED = 1 + 1 + _MANY  # operations while calls are counted


@dataclasses.dataclass(slots=True)
class Told:
    """What a database has been asked for until now."""

    statements: int = 0
    connections: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Counts:
    """Per operation: Python frames entered or resumed, calls into C, and the most bytes held at a time.

    Where a database is watched, also the statements that it got and the connections that were taken from the pool.
    """

    frames: float
    c_calls: float
    bytes_held: int
    statements: float | None = None
    connections: float | None = None


def count(run: Run, database: Told | None = None) -> Counts:
    """The counts of ``run``, once it is warm."""

    async def counted() -> Counts:
        await run(_MANY)
        before = None if database is None else dataclasses.replace(database)
        frames, c_calls = await _calls(run)
        if database is None or before is None:
            return Counts(frames, c_calls, await _bytes_held(run))
        statements, connections = database.statements - before.statements, database.connections - before.connections
        held = await _bytes_held(run)
        return Counts(frames, c_calls, held, statements / _COUNTED, connections / _COUNTED)

    return in_the_loop(counted())


def surplus(counts: Work[Counts]) -> Counts:
    """What counts of work for which something is to be taken off; the statements are never taken off."""
    more, less, parts = counts.run, counts.less, counts.parts
    if less is None:
        return more
    return dataclasses.replace(
        more,
        frames=(more.frames - less.frames) / parts,
        c_calls=(more.c_calls - less.c_calls) / parts,
        bytes_held=round((more.bytes_held - less.bytes_held) / parts),
    )


async def _calls(run: Run) -> tuple[float, float]:
    """The difference between one operation and many, so that what surrounds them does not count."""
    totals: list[dict[str, int]] = []
    for operations in (1, 1 + _MANY):
        seen = {"call": 0, "c_call": 0}

        def note(_: FrameType, kind: str, __: object, seen: dict[str, int] = seen) -> None:
            if kind in seen:
                seen[kind] += 1

        sys.setprofile(note)
        try:
            await run(operations)
        finally:
            sys.setprofile(None)
        totals.append(seen)
    once, often = totals
    return (often["call"] - once["call"]) / _MANY, (often["c_call"] - once["c_call"]) / _MANY


async def _bytes_held(run: Run) -> int:
    tracemalloc.start()
    try:
        await run(_MANY)
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        await run(_MANY)
        _, peak = tracemalloc.get_traced_memory()
        return max(0, peak - before)
    finally:
        tracemalloc.stop()
