"""What it costs to look for messages when there are none."""

from __future__ import annotations

import dataclasses
import time
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.durable.checks import must_be
from benchmarks.durable.server import connected
from benchmarks.durable.table import Row, Target, milliseconds
from cqrs.outbox.rows import PARTITIONS

if TYPE_CHECKING:
    from benchmarks.durable.shop import Stand
    from benchmarks.durable.workload import Bench

_POLLS = 2_000
_SAME = 1.5
_PEER_ROWS = 1_000_000  # it reads all of them each time


async def show(bench: Bench) -> None:
    """Fill in the rows of a poll that finds nothing, beside no rows and beside so many that were sent."""
    table, stand, peer, sent = bench.table, bench.stand, bench.peer, bench.rows
    alone = 0.0
    for rows in (0, sent):
        found, limit = await empty_poll(stand, rows), await by_hand(stand.address)
        of_peer = min(rows, _PEER_ROWS)
        theirs = None if peer is None else await peer.empty_poll(of_peer)
        notes = [] if rows else ["limit: SELECT 1 by the driver"]
        if theirs is not None and of_peer < rows:
            notes.append(f"the peer beside {of_peer:,}")
        row = Row(
            f"empty poll beside {rows:,} sent rows",
            milliseconds(found),
            "" if theirs is None else milliseconds(theirs),
            "" if theirs is None else f"{theirs / found:,.1f}×",
            milliseconds(limit),
            f"{limit / found:.2f}",
            notes=notes,
        )
        if rows:
            same = Target(f"≤ {_SAME}× that beside none", found <= _SAME * alone, f"{found / alone:.2f}×")
            row = dataclasses.replace(row, targets=[same])
        table.add(row)
        alone = alone or found


async def empty_poll(stand: Stand, sent: int) -> float:
    """Seconds that one poll takes."""
    await stand.fill(sent, sent=True)
    await settled(stand.address)
    queue, partitions = stand.outbox(keep_produced=True).queue(), list(range(PARTITIONS))
    found: list[float] = []
    for _ in range(_POLLS):
        begin = time.perf_counter()
        taken = await queue.take(partitions, 1_000)
        found.append(time.perf_counter() - begin)
        must_be("messages of an empty outbox", len(taken), 0)
    await stand.must_hold(sent=sent)
    return median(found)


async def settled(address: str) -> None:
    """Have done now what the server does soon after so many rows have come, on the same cores."""
    connection = await connected(address)
    await connection.execute("VACUUM ANALYZE outbox")
    await connection.execute("CHECKPOINT")
    await connection.close()


async def by_hand(address: str) -> float:
    """Seconds that a question without any work takes."""
    connection = await connected(address)
    found: list[float] = []
    for _ in range(_POLLS):
        begin = time.perf_counter()
        await connection.fetch("SELECT 1")
        found.append(time.perf_counter() - begin)
    await connection.close()
    return median(found)
