"""Consumers that run until they have nothing more to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from cqrs.inbox.sqlalchemy.tables import inbox_tables
from cqrs.message_brokers.memory.broker import MemoryMessageBroker
from tests.helpers.waiting import until
from tests.integration.transactions.stand import ordered

if TYPE_CHECKING:
    from cqrs.workers.consumer.consumer import Consumer
    from tests.integration.transactions.stand import Service


async def consumed(consumer: Consumer, broker: MemoryMessageBroker, stand: Service) -> None:
    """Run ``consumer`` until every message of ``broker`` is marked as handled, or parked."""
    marks = select(func.count()).select_from(inbox_tables().marks)

    async def all_are_marked() -> bool:
        return await stand.look(marks) == [len(broker.topic("orders"))]

    async with consumer:
        await until(all_are_marked, every=0.02)


async def filled(count: int) -> MemoryMessageBroker:
    """A broker with so many messages; a consumer takes them as one batch."""
    broker = MemoryMessageBroker()
    for number in range(count):
        await broker.send_message(ordered(number))
    return broker
