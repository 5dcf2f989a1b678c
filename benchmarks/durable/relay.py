"""From a full outbox to a broker."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from benchmarks.durable.checks import must_be
from benchmarks.durable.relay_by_hand import relay_by_hand
from benchmarks.durable.server_counts import counting
from benchmarks.durable.shop import DATABASE, PipelineBroker, sent
from benchmarks.durable.table import least, rates
from benchmarks.rounds import take_awaited
from cqrs.workers import OutboxRelay

if TYPE_CHECKING:
    from benchmarks.durable.shop import Stand
    from benchmarks.durable.workload import Bench
    from benchmarks.rounds import Side

_COUNT = 60_000
_LIMIT = "limit: one loop of the driver; 1,000 rows are read, sent and deleted, without order, leases and other workers"


async def show(bench: Bench) -> None:
    """Fill in the rows of the relay."""
    table, stand, peer = bench.table, bench.stand, bench.peer
    for ack, promised in ((0.0, 30_000), (0.001, 20_000)):
        sides: dict[str, Side] = {
            "ours": partial(relay, stand, _COUNT, ack),
            "limit": partial(relay_by_hand, stand, _COUNT, ack),
            "kept": partial(relay, stand, _COUNT, ack, keep=True),
            "limit kept": partial(relay_by_hand, stand, _COUNT, ack, keep=True),
        }
        if peer is not None:
            sides["peer"] = partial(peer.relay, ack)
        found = await take_awaited(sides)
        await stand.fill(_COUNT)
        await stand.engine.dispose()
        async with counting(stand.address, DATABASE, _COUNT) as counts:
            await drain(stand, _COUNT, ack)
            await stand.engine.dispose()
        told = counts.beside(None if peer is None else peer.last)
        name = f"relay, broker answers after {ack * 1e3:g} ms"
        table.add(rates(name, found, least(found, promised, 15), [told, _LIMIT]))
        kept = found.only("kept", "peer", "limit kept")
        table.add(rates("  sent rows are kept", kept, least(kept, promised, 15)))


async def relay(stand: Stand, count: int, ack: float, *, keep: bool = False) -> float:
    """Messages per second of one relay."""
    await stand.fill(count)
    return await drain(stand, count, ack, keep=keep)


async def drain(stand: Stand, count: int, ack: float, *, keep: bool = False) -> float:
    """The same, of what is in the outbox."""
    broker = PipelineBroker(ack)
    worker = OutboxRelay(stand.outbox(keep_produced=keep), broker, wake_up="poll")
    begin = time.perf_counter()
    async with worker:
        await sent(worker, count)
        seconds = time.perf_counter() - begin
    must_be("messages that the broker has", broker.count, count)
    await stand.must_hold(sent=count if keep else 0)
    return count / seconds
