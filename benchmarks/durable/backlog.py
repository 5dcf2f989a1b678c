"""What it costs a relay to take messages when millions of them wait."""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.durable.checks import must_be
from benchmarks.durable.table import Row, Target, milliseconds
from cqrs.outbox.queue import Outcome
from cqrs.outbox.rows import PARTITIONS

if TYPE_CHECKING:
    from benchmarks.durable.shop import Stand
    from benchmarks.durable.workload import Bench

_FEW = 10_000
_LIMIT = 100
_TAKES = 80
_SAME = 1.5


async def show(bench: Bench) -> None:
    """Fill in the rows of taking, with few messages and with so many."""
    table, stand, waiting = bench.table, bench.stand, bench.rows
    few, few_on = await take(stand, _FEW)
    table.add(Row(f"take {_LIMIT} of {_FEW:,} unsent rows", milliseconds(few)))
    many, many_on = await take(stand, waiting)
    same = Target(f"≤ {_SAME}× that of {_FEW:,}", many <= _SAME * few, f"{many / few:.2f}×")
    new = f"of rows not read before, while they are settled: {milliseconds(few_on)} and {milliseconds(many_on)}"
    table.add(Row(f"take {_LIMIT} of {waiting:,} unsent rows", milliseconds(many), targets=[same], notes=[new]))


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
            must_be("messages that were taken", len(taken), _LIMIT)
            if found is onwards:
                must_be("messages that were settled", await queue.settle(held.fences, Outcome(taken)), _LIMIT)
    await queue.leases.leave(queue.scope, "bench")
    await stand.must_hold(unsent=waiting - _TAKES * _LIMIT)
    return median(again), median(onwards)
