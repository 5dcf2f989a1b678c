"""The rows of an outbox by the shortest way, by the driver alone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from benchmarks.durable.server import connected
from benchmarks.durable.shop import PipelineBroker

if TYPE_CHECKING:
    from benchmarks.durable.shop import Stand

_READ = "SELECT id, message_id, topic, headers, body FROM outbox WHERE id > $1 ORDER BY id LIMIT 1000"
_DELETE = "DELETE FROM outbox WHERE id = ANY($1::bigint[])"
_MARK = "UPDATE outbox SET status = 'produced', pending = NULL, settled_at = now() WHERE id = ANY($1::bigint[])"


async def relay_by_hand(stand: Stand, count: int, ack: float, *, keep: bool = False) -> float:
    """Messages per second: read 1,000, send them, settle them; no order of keys, no leases, no second worker."""
    await stand.fill(count)
    broker, settle = PipelineBroker(ack), _MARK if keep else _DELETE
    connection = await connected(stand.address)
    begin = time.perf_counter()
    last = 0
    while rows := await connection.fetch(_READ, last):
        await broker.send(rows)
        ids = [row["id"] for row in rows]
        await connection.execute(settle, ids)
        last = ids[-1]
    seconds = time.perf_counter() - begin
    await connection.close()
    await stand.must_hold(sent=count if keep else 0)
    return count / seconds
