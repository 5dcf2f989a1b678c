"""What one operation does, in numbers that no noise can change; both sides use this module."""

from __future__ import annotations

import asyncio
import dataclasses
import sys
import tracemalloc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

    from benchmarks.timing import Run

_MANY = 32


@dataclasses.dataclass(frozen=True, slots=True)
class Counts:
    """Per operation: Python frames entered or resumed, calls into C, and the most bytes held at a time."""

    frames: float
    c_calls: float
    bytes_held: int


def count(run: Run) -> Counts:
    """The counts of ``run``, once it is warm."""

    async def counted() -> Counts:
        await run(_MANY)
        frames, c_calls = await _calls(run)
        return Counts(frames, c_calls, await _bytes_held(run))

    return asyncio.run(counted())


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
