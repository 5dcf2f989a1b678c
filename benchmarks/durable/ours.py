"""Our side, and the limit, of each workload; all of them return operations per second or seconds."""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import TYPE_CHECKING

from sqlalchemy import text

import cqrs
from benchmarks.durable.server import connected
from benchmarks.durable.shop import KEYS, OrderPlaced, PipelineBroker, order_placed
from cqrs.envelope import Envelope, encoded
from cqrs.events import bootstrap
from cqrs.message_brokers.source import Delivery, MessageSource
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
    connection = await connected(address)
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
    connection = await connected(address)
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


class Backlog(MessageSource):
    """Messages that have arrived already; acknowledging costs nothing."""

    def __init__(self, envelopes: list[Envelope]) -> None:
        self._waiting = envelopes

    async def receive(self, limit: int = 100, timeout: float = 1.0) -> list[Delivery]:  # noqa: ASYNC109  # the port's
        """The next ones."""
        taken, self._waiting = self._waiting[:limit], self._waiting[limit:]
        if not taken:
            await asyncio.sleep(min(timeout, 0.05))
        return [Arrived(envelope) for envelope in taken]

    async def start(self) -> None:
        """Nothing has to be done."""

    async def close(self) -> None:
        """Nothing has to be done."""


class Arrived(Delivery):
    """A message from the backlog."""

    def __init__(self, envelope: Envelope) -> None:
        self.envelope, self.attempt = envelope, 1

    async def ack(self) -> None:
        """It is done."""

    async def nack(self, delay: float = 0.0) -> None:
        """It is not."""


async def inbox(stand: Stand, count: int) -> float:
    """Messages per second through the inbox to a handler that does nothing, in batches of 500."""
    await stand.run("TRUNCATE inbox")
    events = [order_placed(number) for number in range(count)]
    envelopes = [
        Envelope(
            message_id=e.event_id, name="order-placed", topic="orders", key=f"key-{n % KEYS}", body=encoded(e.to_dict())
        )
        for n, e in enumerate(events)
    ]
    done = 0

    async def handle(_event: OrderPlaced) -> None:
        nonlocal done
        done += 1

    worker = cqrs.Consumer(
        Backlog(envelopes),
        bootstrap.bootstrap(events_mapper=lambda m: m.bind(OrderPlaced, handle)),
        name="bench",
        inbox=cqrs.SqlAlchemyInboxRepository(stand.sessions),
        unit_of_work=lambda: cqrs.SqlAlchemyUnitOfWork(stand.sessions),
        registry=stand.registry,
        policy=cqrs.ConsumerPolicy(batch_size=500),
    )
    begin = time.perf_counter()
    async with worker:
        while done < count:  # noqa: ASYNC110  # as above
            await asyncio.sleep(0.002)
        return count / (time.perf_counter() - begin)


async def inbox_by_hand(address: str, count: int) -> float:
    """The marks of as many messages, and nothing else: one INSERT for 500 of them."""
    connection = await connected(address)
    ids = [uuid.uuid4() for _ in range(count)]
    begin = time.perf_counter()
    for start in range(0, count, 500):
        await connection.execute(
            "INSERT INTO inbox (consumer, message_id) SELECT 'hand', unnest($1::uuid[]) ON CONFLICT DO NOTHING",
            ids[start : start + 500],
        )
    seconds = time.perf_counter() - begin
    await connection.close()
    return count / seconds


async def inbox_one_by_one(address: str, count: int) -> float:
    """The same, each mark in a transaction of its own, as a loop around single messages does it."""
    connection = await connected(address)
    begin = time.perf_counter()
    for _ in range(count):
        await connection.execute("INSERT INTO inbox (consumer, message_id) VALUES ('hand', $1)", uuid.uuid4())
    seconds = time.perf_counter() - begin
    await connection.close()
    return count / seconds
