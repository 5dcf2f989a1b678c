"""How soon a relay learns of a message, and what it costs to look when there is none."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from benchmarks.durable import lines
from benchmarks.durable.shop import PipelineBroker, order_placed
from cqrs.outbox.rows import PARTITIONS
from cqrs.workers import OutboxRelay, RelayPolicy

if TYPE_CHECKING:
    from benchmarks.durable.shop import Stand

_AT_MOST = 5.0  # milliseconds
_SAME = 1.5


async def show_latency(stand: Stand) -> None:
    """Print how long it takes from the commit to the broker."""
    for wake_up in ("notify", "log"):
        found = await latency(stand, wake_up, 200)
        p50, p99 = (found[len(found) * share // 100] * 1e3 for share in (50, 99))
        text = f"p50 {p50:.2f} ms, p99 {p99:.2f} ms"
        lines.line(f"commit to broker, {wake_up}", text, f"p50 <= {_AT_MOST:g} ms", p50 <= _AT_MOST)


async def show_poll(stand: Stand, sent: int) -> None:
    """Print what a poll costs that finds nothing, beside no rows and beside so many that were sent."""
    empty, beside = await empty_poll(stand, 0), await empty_poll(stand, sent)
    text = f"{empty * 1e3:.2f} ms beside none, {beside * 1e3:.2f} ms beside {sent:,} sent rows"
    lines.line("empty poll", text, f"the same (<= {_SAME}x)", beside <= _SAME * empty)


async def latency(stand: Stand, wake_up: str, count: int) -> list[float]:
    """Seconds from the end of each commit to the moment the broker has the message."""
    await stand.run("TRUNCATE outbox")
    broker, outbox = PipelineBroker(0), stand.outbox()
    found: list[float] = []
    async with OutboxRelay(outbox, broker, RelayPolicy(), wake_up=outbox.wakeups(wake_up)) as worker:
        await worker.started()
        await asyncio.sleep(1)  # until it listens
        for number in range(count):
            broker.latest.clear()
            async with outbox as session:
                outbox.add(session, order_placed(number), key="key")
                await outbox.commit(session)
            begin = time.perf_counter()
            await broker.latest.wait()
            found.append(time.perf_counter() - begin)
            await asyncio.sleep(0.01 + number % 7 / 500)
    return sorted(found)


async def empty_poll(stand: Stand, sent: int, count: int = 300) -> float:
    """Seconds that one poll takes."""
    await stand.fill(sent, sent=True)
    queue, partitions = stand.outbox(keep_produced=True).queue(), list(range(PARTITIONS))
    found: list[float] = []
    for _ in range(count):
        begin = time.perf_counter()
        assert not await queue.take(partitions, 1_000)  # noqa: S101  # or it would measure something else
        found.append(time.perf_counter() - begin)
    return sorted(found)[count // 2]
