"""From a full outbox to a broker."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from benchmarks.durable import lines
from benchmarks.durable.counting import counting
from benchmarks.durable.server import connected
from benchmarks.durable.shop import DATABASE, PipelineBroker
from cqrs.workers import OutboxRelay

if TYPE_CHECKING:
    from benchmarks.durable.peer import Peer
    from benchmarks.durable.shop import Stand

_COUNT = 60_000


async def show(stand: Stand, peer: Peer | None) -> None:
    """Print all of it."""
    for ack, least in ((0.0, 30_000), (0.001, 20_000)):
        mine = await lines.middle(relay, stand, _COUNT, ack)
        kept = await lines.middle(relay, stand, _COUNT, ack, keep=True)
        limit = await lines.middle(relay_by_hand, stand, _COUNT, ack)
        found = f"{mine:,.0f}/s, {kept:,.0f}/s when sent rows are kept"
        lines.line(f"relay, ack {ack * 1e3:g} ms", found, f">= {least:,}/s", mine >= least)
        lines.line("", f"{mine / limit:.2f} of the shortest way ({limit:,.0f}/s)")
        theirs = None if peer is None else await peer.relay(1_000 if ack else 3_000, ack)
        if theirs is not None:
            lines.times(mine, theirs.rate, 15)
        await stand.fill(_COUNT)
        await stand.engine.dispose()
        async with counting(stand.address, DATABASE) as counts:
            await drain(stand, _COUNT, ack)
            await stand.engine.dispose()
        lines.counted(counts, _COUNT, theirs)


async def relay(stand: Stand, count: int, ack: float, *, keep: bool = False) -> float:
    """Messages per second of one relay."""
    await stand.fill(count)
    return await drain(stand, count, ack, keep=keep)


async def drain(stand: Stand, count: int, ack: float, *, keep: bool = False) -> float:
    """The same, of what is in the outbox."""
    worker = OutboxRelay(stand.outbox(keep_produced=keep), PipelineBroker(ack), wake_up="poll")
    begin = time.perf_counter()
    async with worker:
        while worker.sent < count:  # noqa: ASYNC110  # it counts, and tells nobody
            await asyncio.sleep(0.002)
        return count / (time.perf_counter() - begin)


async def relay_by_hand(stand: Stand, count: int, ack: float) -> float:
    """The same rows, by the shortest way: read 1,000, send them, delete them; no order, no leases, no second worker."""
    await stand.fill(count)
    broker, left = PipelineBroker(ack), count
    connection = await connected(stand.address)
    begin = time.perf_counter()
    while left:
        rows = await connection.fetch("SELECT id, message_id, topic, headers, body FROM outbox ORDER BY id LIMIT 1000")
        await broker.send(rows)
        await connection.execute("DELETE FROM outbox WHERE id = ANY($1::bigint[])", [row["id"] for row in rows])
        left -= len(rows)
    seconds = time.perf_counter() - begin
    await connection.close()
    return count / seconds
