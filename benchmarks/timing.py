"""How one sample is taken; both sides use this module, each in its own interpreter."""

from __future__ import annotations

import asyncio
import gc
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    Run = Callable[[int], Awaitable[None]]  # does the work so many times
    Timer = Callable[[int], float]  # the seconds that takes

ENOUGH = 0.25  # of a slice: from there the count can be scaled up instead of doubled

T = TypeVar("T")

_runner = asyncio.Runner()


def in_the_loop(coroutine: Coroutine[None, None, T]) -> T:
    """Run it in the one event loop of this process, which open connections belong to."""
    return _runner.run(coroutine)


def settle() -> None:
    """Take what is there now out of the garbage collector's sight: it belongs to no workload."""
    gc.collect()
    gc.freeze()


def timed(run: Run) -> Timer:
    """A timer for ``run``, in the one event loop of this process.

    It counts CPU time: the workloads wait for nothing, so that is their time without what else runs on the machine.
    The garbage collector stays on, as in production, and starts each sample with nothing to do.
    """

    async def sample(count: int) -> float:
        gc.collect()
        started = time.process_time()
        await run(count)
        return time.process_time() - started

    return lambda count: in_the_loop(sample(count))


def calibrate(timer: Timer, seconds: float) -> int:
    """How often the work has to be done for a sample to take about ``seconds``. Warms it up on the way."""
    count = 1
    while (took := timer(count)) < seconds * ENOUGH:
        count *= 2
    return max(1, round(count * seconds / took))
