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
    few, many = await take(stand, _FEW), await take(stand, waiting)
    text = f"p50 {few * 1e3:.2f} ms of {_FEW:,} rows, {many * 1e3:.2f} ms of {waiting:,} unsent rows"
    lines.line(f"take {_LIMIT}", text, f"the same (<= {_SAME}x)", many <= _SAME * few)


async def take(stand: Stand, waiting: int) -> float:
    """Seconds that one take lasts; what was taken is settled in between, so that each one finds others."""
    await stand.fill(waiting)
    queue = stand.outbox().queue()
    held = await queue.leases.keep(queue.scope, "bench", count=PARTITIONS, ttl=600.0)
    found: list[float] = []
    for _ in range(_TAKES):
        begin = time.perf_counter()
        taken = await queue.take(list(held.fences), _LIMIT)
        found.append(time.perf_counter() - begin)
        settled = await queue.settle(held.fences, Outcome(taken))
        assert settled == _LIMIT  # noqa: S101  # or it would measure something else
    await queue.leases.leave(queue.scope, "bench")
    return sorted(found)[_TAKES // 2]
