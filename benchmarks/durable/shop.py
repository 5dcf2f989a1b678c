"""What all sides work on: an outbox with rows in it, and a broker that takes its time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from benchmarks.durable.checks import must_be
from cqrs.events.event import NotificationEvent
from cqrs.events.registry import EventRegistry
from cqrs.message_brokers.protocol import Message, MessageBroker
from cqrs.migrations import upgrade
from cqrs.outbox.sqlalchemy.repository import SqlAlchemyOutboxedEventRepository

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqrs.envelope import Envelope
    from cqrs.workers import OutboxRelay

KEYS = 1_000
DATABASE = "postgres"


class OrderPlaced(NotificationEvent[dict[str, Any]]):
    """An event of a common size."""

    event_name: str = "order-placed"


def order_placed(number: int) -> OrderPlaced:
    """The event of one order."""
    return OrderPlaced(topic="orders", payload={"order": number, "sku": "mug", "customer": "c" * 40, "amount": 3})


class PipelineBroker(MessageBroker):
    """Confirms each message ``ack`` seconds after it got it; they overtake nothing, and are under way together."""

    def __init__(self, ack: float) -> None:
        self.count = 0
        self.latest = asyncio.Event()
        self._ack = ack

    async def send_message(self, message: Message) -> None:
        """Take one."""
        await self.send([message.to_envelope()])

    async def send(self, envelopes: Sequence[Envelope]) -> list[Exception | None]:
        """Take many."""
        if self._ack:
            await asyncio.sleep(self._ack)
        self.count += len(envelopes)
        self.latest.set()
        return [None] * len(envelopes)


class Stand:
    """An outbox and an inbox in the database ``DATABASE`` at ``address``."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.engine = create_async_engine(address.replace("postgresql:", "postgresql+asyncpg:"), pool_size=10)
        self.sessions: async_sessionmaker[AsyncSession] = async_sessionmaker(self.engine, expire_on_commit=False)
        self.registry = EventRegistry()
        self.registry.register(OrderPlaced, "order-placed")

    def outbox(self, *, keep_produced: bool = False, **options: Any) -> SqlAlchemyOutboxedEventRepository:
        """A repository over it."""
        return SqlAlchemyOutboxedEventRepository(
            self.sessions, registry=self.registry, keep_produced=keep_produced, **options
        )

    async def start(self) -> None:
        """Make the tables."""
        await upgrade(self.engine)

    async def run(self, statement: str, **given: Any) -> Any:
        """One statement, committed."""
        async with self.engine.begin() as connection:
            found = await connection.execute(text(statement), given)
            return found.scalar() if found.returns_rows else None

    async def fill(self, count: int, *, sent: bool = False) -> None:
        """An outbox with so many rows, all of them to be sent, or all of them sent."""
        await self.run("TRUNCATE outbox")
        body = '{"event_id": "00000000-0000-0000-0000-000000000000", "payload": "' + "x" * 150 + '"}'
        await self.run(
            "INSERT INTO outbox (message_id, event_name, topic, message_key, partition_no, content_type, headers, "
            "body, pending, status, settled_at) "
            "SELECT gen_random_uuid(), 'order-placed', 'orders', 'key-' || i % :keys, i % :keys % 64, "
            "'application/json', '{}', convert_to(:body, 'UTF8'), CASE WHEN :sent THEN NULL ELSE 1 END, "
            "CASE WHEN :sent THEN 'produced' ELSE 'new' END, CASE WHEN :sent THEN now() END "
            "FROM generate_series(1, :count) AS i",
            count=count,
            keys=KEYS,
            body=body,
            sent=sent,
        )
        await self.run("ANALYZE outbox")

    async def must_hold(self, *, sent: int = 0, unsent: int = 0) -> None:
        """Raise ``WrongCount`` if the outbox has other rows than these."""
        query = "SELECT count(*) FROM outbox WHERE status {} 'produced' AND pending IS {}"
        must_be("rows that are sent", await self.run(query.format("=", "NULL")), sent)
        must_be("rows that are not sent", await self.run(query.format("<>", "NOT NULL")), unsent)
        must_be("rows", await self.run("SELECT count(*) FROM outbox"), sent + unsent)


async def sent(worker: OutboxRelay, count: int) -> None:
    """Wait until ``worker`` has sent so many messages: it counts them and notifies no one."""
    while worker.sent < count:  # noqa: ASYNC110
        await asyncio.sleep(0.002)
