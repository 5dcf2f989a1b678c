"""Transactions that do nothing but put one message into the outbox."""

from __future__ import annotations

import time
import uuid
from statistics import median
from typing import TYPE_CHECKING

from sqlalchemy import text

from benchmarks.durable import lines
from benchmarks.durable.counting import counting
from benchmarks.durable.server import connected
from benchmarks.durable.shop import DATABASE, order_placed

if TYPE_CHECKING:
    from benchmarks.durable.shop import Stand

_COUNT = 400
_MOST = 1.3
_INSERT = (
    "INSERT INTO outbox (message_id, event_name, event_version, topic, message_key, partition_no, content_type, "
    "compression, headers, body, due_at) VALUES ($1, 'order-placed', 1, 'orders', 'key', 7, 'application/json', "
    "NULL, '{}', $2, NULL)"
)


async def show(stand: Stand) -> None:
    """Print all of it."""
    await stand.run("TRUNCATE outbox")
    rounds = [
        (await add(stand, _COUNT), await add_by_session(stand, _COUNT), await add_by_driver(stand.address, _COUNT))
        for _ in range(2 * lines.ROUNDS + 1)
    ]
    mine, session, driver = (median(side) for side in zip(*rounds, strict=True))
    to_session = median(session / mine for mine, session, _ in rounds)
    to_driver = median(driver / mine for mine, _, driver in rounds)
    found = f"{mine:,.0f}/s; {to_session:.2f}x a session's INSERT + COMMIT"
    lines.line("add + commit", found, f"<= {_MOST}x", to_session <= _MOST)
    lines.line("", f"{to_driver:.2f}x the driver's ({driver:,.0f}/s; the session's {session:,.0f}/s)")
    await stand.engine.dispose()
    async with counting(stand.address, DATABASE) as counts:
        await add(stand, _COUNT)
        await stand.engine.dispose()
    lines.counted(counts, _COUNT)


async def add(stand: Stand, count: int) -> float:
    """Transactions per second."""
    outbox = stand.outbox(notify=False)
    begin = time.perf_counter()
    for number in range(count):
        async with outbox as session:
            outbox.add(session, order_placed(number), key="key")
            await outbox.commit(session)
    return count / (time.perf_counter() - begin)


async def add_by_session(stand: Stand, count: int) -> float:
    """The same INSERT and COMMIT by a session, with the values at hand."""
    values = {"id": uuid.uuid4(), "body": b"x" * 300}
    statement = text(_INSERT.replace("$1", ":id").replace("$2", ":body"))
    begin = time.perf_counter()
    for _ in range(count):
        async with stand.sessions() as session:
            await session.execute(statement, values)
            await session.commit()
    return count / (time.perf_counter() - begin)


async def add_by_driver(address: str, count: int) -> float:
    """The same INSERT by the driver alone."""
    connection = await connected(address)
    message_id, body = uuid.uuid4(), b"x" * 300
    begin = time.perf_counter()
    for _ in range(count):
        await connection.execute(_INSERT, message_id, body)
    seconds = time.perf_counter() - begin
    await connection.close()
    return count / seconds
