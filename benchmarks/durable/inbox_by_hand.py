"""The marks of an inbox, and the rows of a handler, by the driver alone: no message is read, no handler is called."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING

from benchmarks.durable.checks import must_be
from benchmarks.durable.server import connected

if TYPE_CHECKING:
    from benchmarks.durable.shop import Stand

_MARKS = "INSERT INTO inbox (consumer, message_id) SELECT 'hand', unnest($1::uuid[]) ON CONFLICT DO NOTHING"
_ROWS = "INSERT INTO effects (message_id, number) SELECT * FROM unnest($1::uuid[], $2::bigint[])"


async def batches(stand: Stand, count: int, size: int, *, rows: bool) -> float:
    """Messages per second; a batch is one INSERT of its marks, with ``rows`` one of its rows, and a COMMIT."""
    await stand.run("TRUNCATE inbox, effects")
    connection = await connected(stand.address)
    ids = [uuid.uuid4() for _ in range(count)]
    begin = time.perf_counter()
    for start in range(0, count, size):
        some = ids[start : start + size]
        async with connection.transaction():
            await connection.execute(_MARKS, some)
            if rows:
                await connection.execute(_ROWS, some, range(start, start + len(some)))
    seconds = time.perf_counter() - begin
    await connection.close()
    must_be("marks", await stand.run("SELECT count(*) FROM inbox"), count)
    must_be("effects", await stand.run("SELECT count(*) FROM effects"), count if rows else 0)
    return count / seconds
