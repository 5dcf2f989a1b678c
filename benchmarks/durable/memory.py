"""How much memory a relay needs that has millions of messages to send."""

from __future__ import annotations

import asyncio
from pathlib import Path
from resource import getpagesize
from typing import TYPE_CHECKING

from benchmarks.durable import lines
from benchmarks.durable.shop import PipelineBroker
from cqrs.workers import OutboxRelay

if TYPE_CHECKING:
    from benchmarks.durable.shop import Stand

_SAMPLES = 10
_MOST = 1.1


async def show(stand: Stand, count: int) -> None:
    """Print the memory of this process after each tenth of so many messages, sent by one relay."""
    found = [size / 2**20 for size in await sizes(stand, count)]
    first, last, most = found[0], found[-1], max(found)
    text = f"{first:.1f} MB after {count // _SAMPLES:,} rows, {last:.1f} after {count:,}, {most:.1f} at most"
    lines.line("memory of the relay", text, f"flat (<= {_MOST}x)", most <= _MOST * first)


async def sizes(stand: Stand, count: int) -> list[int]:
    """Bytes of this process that are in memory, each time a tenth of the messages has been sent."""
    await stand.fill(count)
    worker = OutboxRelay(stand.outbox(), PipelineBroker(0), wake_up="poll")
    found: list[int] = []
    async with worker:
        for sample in range(1, _SAMPLES + 1):
            while worker.sent < count * sample // _SAMPLES:  # noqa: ASYNC110  # it counts, and tells nobody
                await asyncio.sleep(0.002)
            found.append(_resident())
    return found


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * getpagesize()
