"""What it costs a relay to take messages when millions of them wait."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from benchmarks.durable import lines
from cqrs.outbox.queue import Outcome
from cqrs.outbox.rows import PARTITIONS

if TYPE_CHECKING:
    from benchmarks.durable.shop import Stand

_FEW = 10_000
_LIMIT = 100
_TAKES = 80
_SAME = 1.5


async def show(stand: Stand, waiting: int) -> None:
    """Print how long taking lasts with few messages and with so many."""
    few, few_on = await take(stand, _FEW)
    many, many_on = await take(stand, waiting)
    text = f"p50 {few * 1e3:.2f} ms of {_FEW:,} rows, {many * 1e3:.2f} ms of {waiting:,} unsent rows"
    lines.line(f"take {_LIMIT}, at the start", text, f"the same (<= {_SAME}x)", many <= _SAME * few)
    lines.line(
        "", f"and of rows not read before, while they are settled: {few_on * 1e3:.2f} and {many_on * 1e3:.2f} ms"
    )


async def take(stand: Stand, waiting: int) -> tuple[float, float]:
    """Seconds that one take lasts: of the first messages again and again, and of the next ones after each settlement.

    The second time grows by what is new to the caches: of a few rows, all pages have been read after a few takes.
    """
    await stand.fill(waiting)
    queue = stand.outbox().queue()
    held = await queue.leases.keep(queue.scope, "bench", count=PARTITIONS, ttl=600.0)
    again: list[float] = []
    onwards: list[float] = []
    for found in (again, onwards):
        for _ in range(_TAKES):
            begin = time.perf_counter()
            taken = await queue.take(list(held.fences), _LIMIT)
            found.append(time.perf_counter() - begin)
            assert len(taken) == _LIMIT  # noqa: S101  # or it would measure something else
            if found is onwards:
                await queue.settle(held.fences, Outcome(taken))
    await queue.leases.leave(queue.scope, "bench")
    return sorted(again)[_TAKES // 2], sorted(onwards)[_TAKES // 2]
