"""Transactions that do nothing but put one message into the outbox."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING

from sqlalchemy import text

from benchmarks.durable.server import connected
from benchmarks.durable.server_counts import counting
from benchmarks.durable.shop import DATABASE, order_placed
from benchmarks.durable.table import Target, rates
from benchmarks.rounds import take_awaited
from cqrs.envelope import encoded

if TYPE_CHECKING:
    from benchmarks.durable.shop import Stand
    from benchmarks.durable.workload import Bench
    from benchmarks.rounds import Samples

_COUNT = 400
_ROUNDS = 9
_MOST = 1.3
_INSERT = (
    "INSERT INTO outbox (message_id, event_name, event_version, topic, message_key, partition_no, content_type, "
    "compression, headers, body, due_at) VALUES ($1, 'order-placed', 1, 'orders', 'key', 7, 'application/json', "
    "NULL, '{}', $2, NULL)"
)


async def show(bench: Bench) -> None:
    """Fill in the rows of adding."""
    table, stand = bench.table, bench.stand
    await stand.run("TRUNCATE outbox")
    size = len(encoded(order_placed(0).to_dict()))
    sides = {
        "ours": lambda: add(stand, _COUNT),
        "told": lambda: add(stand, _COUNT, notify=True),
        "session": lambda: add_by_session(stand, _COUNT, size),
        "driver": lambda: add_by_driver(stand.address, _COUNT, size),
    }
    found = await take_awaited(sides, _ROUNDS)
    await stand.must_hold(unsent=_COUNT * _ROUNDS * len(sides))
    await stand.engine.dispose()
    async with counting(stand.address, DATABASE, _COUNT) as counts:
        await add(stand, _COUNT)
        await stand.engine.dispose()
    for name, side in (("add + commit", "ours"), ("  and NOTIFY, as it is by default", "told")):
        shown = found.only(side, "", "session")
        notes = [counts.beside(), "limit: INSERT + COMMIT of the same row by a session"] if side == "ours" else []
        table.add(rates(name, shown, [_target(shown)], notes))
    table.add(
        rates("  beside the driver alone", found.only("ours", "", "driver"), notes=["limit: BEGIN, INSERT, COMMIT"])
    )


def _target(found: Samples) -> Target:
    times = found.ratio("limit", "ours")
    return Target(f"≤ {_MOST}× the limit's time", times <= _MOST, f"{times:.2f}×")


async def add(stand: Stand, count: int, *, notify: bool = False) -> float:
    """Transactions per second."""
    outbox = stand.outbox(notify=notify)
    begin = time.perf_counter()
    for number in range(count):
        async with outbox as session:
            outbox.add(session, order_placed(number), key="key")
            await outbox.commit(session)
    return count / (time.perf_counter() - begin)


async def add_by_session(stand: Stand, count: int, size: int) -> float:
    """The same INSERT and COMMIT by a session, with the values at hand."""
    values = {"id": uuid.uuid4(), "body": b"x" * size}
    statement = text(_INSERT.replace("$1", ":id").replace("$2", ":body"))
    begin = time.perf_counter()
    for _ in range(count):
        async with stand.sessions() as session:
            await session.execute(statement, values)
            await session.commit()
    return count / (time.perf_counter() - begin)


async def add_by_driver(address: str, count: int, size: int) -> float:
    """The same by the driver alone, over one connection."""
    connection = await connected(address)
    message_id, body = uuid.uuid4(), b"x" * size
    begin = time.perf_counter()
    for _ in range(count):
        async with connection.transaction():
            await connection.execute(_INSERT, message_id, body)
    seconds = time.perf_counter() - begin
    await connection.close()
    return count / seconds
