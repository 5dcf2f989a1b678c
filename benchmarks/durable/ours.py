"""Our side, and the limit, of each workload; all of them return operations per second or seconds."""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import TYPE_CHECKING

import asyncpg
from sqlalchemy import text

from benchmarks.durable.shop import PipelineBroker, order_placed
from cqrs.outbox.rows import PARTITIONS
from cqrs.workers import OutboxRelay, RelayPolicy

if TYPE_CHECKING:
    from benchmarks.durable.shop import Stand

_INSERT = (
    "INSERT INTO outbox (message_id, event_name, event_version, topic, message_key, partition_no, content_type, "
    "compression, headers, body, due_at) VALUES ($1, 'order-placed', 1, 'orders', 'key', 7, 'application/json', "
    "NULL, '{}', $2, NULL)"
)


async def relay(stand: Stand, count: int, ack: float, *, keep: bool = False) -> float:
    """Messages per second from a full outbox to a broker."""
    await stand.fill(count)
    broker = PipelineBroker(ack)
    worker = OutboxRelay(stand.outbox(keep_produced=keep), broker, wake_up="poll")
    begin = time.perf_counter()
    async with worker:
        while worker.sent < count:  # noqa: ASYNC110  # it counts, and tells nobody
            await asyncio.sleep(0.002)
        return count / (time.perf_counter() - begin)


async def relay_by_hand(stand: Stand, address: str, count: int, ack: float) -> float:
    """The same rows, by the shortest way: read 1,000, send them, delete them; no order, no leases, no second worker."""
    await stand.fill(count)
    broker, left = PipelineBroker(ack), count
    connection = await asyncpg.connect(address)
    begin = time.perf_counter()
    while left:
        rows = await connection.fetch("SELECT id, message_id, topic, headers, body FROM outbox ORDER BY id LIMIT 1000")
        await broker.send(rows)
        await connection.execute("DELETE FROM outbox WHERE id = ANY($1::bigint[])", [row["id"] for row in rows])
        left -= len(rows)
    seconds = time.perf_counter() - begin
    await connection.close()
    return count / seconds


async def add(stand: Stand, count: int) -> float:
    """Transactions per second that do nothing but add one message."""
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
    connection = await asyncpg.connect(address)
    message_id, body = uuid.uuid4(), b"x" * 300
    begin = time.perf_counter()
    for _ in range(count):
        await connection.execute(_INSERT, message_id, body)
    seconds = time.perf_counter() - begin
    await connection.close()
    return count / seconds


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
    """Seconds that one poll takes that finds nothing, beside so many rows that were sent."""
    await stand.fill(sent, sent=True)
    queue, partitions = stand.outbox(keep_produced=True).queue(), list(range(PARTITIONS))
    found: list[float] = []
    for _ in range(count):
        begin = time.perf_counter()
        assert not await queue.take(partitions, 1_000)  # noqa: S101  # or it would measure something else
        found.append(time.perf_counter() - begin)
    return sorted(found)[count // 2]
