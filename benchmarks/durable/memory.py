"""How much memory a relay needs that has millions of messages to send."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from resource import getpagesize
from typing import TYPE_CHECKING

from benchmarks.durable.rounds import must_be
from benchmarks.durable.shop import PipelineBroker
from benchmarks.durable.table import Row, Target, rate
from cqrs.workers import OutboxRelay

if TYPE_CHECKING:
    from benchmarks.durable.shop import Stand
    from benchmarks.durable.table import Table

_SAMPLES = 10
_MOST = 1.1


async def show(table: Table, stand: Stand, count: int) -> None:
    """Fill in the row of this process's memory, while one relay sends so many messages."""
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
            while worker.sent < count * sample // _SAMPLES:  # noqa: ASYNC110  # it counts, and tells nobody
                await asyncio.sleep(0.002)
            found.append(_resident())
    must_be("messages that the broker has", broker.count, count)
    await stand.must_hold()
    return found


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * getpagesize()
