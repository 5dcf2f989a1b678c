"""How much memory a relay needs that has millions of messages to send."""

from __future__ import annotations

import time
from pathlib import Path
from resource import getpagesize
from typing import TYPE_CHECKING

from benchmarks.durable.checks import must_be
from benchmarks.durable.shop import PipelineBroker, sent
from benchmarks.durable.table import Row, Target, rate
from cqrs.workers import OutboxRelay

if TYPE_CHECKING:
    from benchmarks.durable.shop import Stand
    from benchmarks.durable.workload import Bench

_SAMPLES = 10
_MOST = 1.1


async def show(bench: Bench) -> None:
    """Fill in the row of this process's memory, while one relay sends so many messages."""
    table, stand, count = bench.table, bench.stand, bench.rows // 2
    begin = time.perf_counter()
    before, *found = await sizes(stand, count)
    seconds = time.perf_counter() - begin
    first, middle, last, most = (size / 2**20 for size in (found[0], found[_SAMPLES // 2 - 1], found[-1], max(found)))
    target = Target(f"flat, ≤ {_MOST}×", most <= _MOST * first, f"{most / first:.2f}×")
    note = (
        f"{before / 2**20:.1f} MB before, {first:.1f} after a tenth, {middle:.1f} halfway, {last:.1f} at the end, "
        f"{most:.1f} at most; with the filling {seconds:,.0f} s, {rate(count / seconds)}"
    )
    table.add(Row(f"memory of a relay, {count:,} rows", f"{last:.1f} MB", targets=[target], notes=[note]))


async def sizes(stand: Stand, count: int) -> list[int]:
    """Bytes of this process that are in memory: before, and each time a tenth of the messages has been sent."""
    await stand.fill(count)
    broker = PipelineBroker(0)
    worker = OutboxRelay(stand.outbox(), broker, wake_up="poll")
    found = [_resident()]
    async with worker:
        for sample in range(1, _SAMPLES + 1):
            await sent(worker, count * sample // _SAMPLES)
            found.append(_resident())
    must_be("messages that the broker has", broker.count, count)
    await stand.must_hold()
    return found


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * getpagesize()
