"""A service that consumes: effects in the database, a message of its own for each effect. Also a program to kill.

python -m tests.integration.inbox.service DATABASE WIRE ADDRESS TOPIC GROUP MEMBER
"""

from __future__ import annotations

import asyncio
import importlib
import sys
from typing import TYPE_CHECKING, Any, cast

import cqrs
from cqrs.backoff import Backoff
from cqrs.events.bootstrap import bootstrap
from cqrs.events.registry import EventRegistry
from cqrs.message_brokers.protocol import Message
from cqrs.outbox.sqlalchemy.repository import SqlAlchemyOutboxedEventRepository
from cqrs.testing import faults
from cqrs.workers.consumer.consumer import Consumer, ConsumerPolicy
from tests.helpers.errors import Deliberate
from tests.helpers.waiting import AT_ONCE, until
from tests.integration.inbox.backends import Database, effect, engine_of

if TYPE_CHECKING:
    from cqrs.message_brokers.source import MessageSource

SOON = Backoff(first=0.01, longest=0.05)


class Ordered(cqrs.NotificationEvent[int]):
    """What arrives."""

    event_name: str = "ordered"


class Shipped(cqrs.NotificationEvent[int]):
    """What leaves because of it."""

    event_name: str = "shipped"


REGISTRY = EventRegistry()
REGISTRY.register(Ordered, "ordered")
REGISTRY.register(Shipped, "shipped")


class Shipping:
    """The handlers of the service, over one database. ``failures``: how often a number fails at first."""

    name = "shipping"

    def __init__(self, database: Database) -> None:
        self.database = database
        self.poison: set[int] = set()
        self.failures: dict[int, int] = {}
        self.handled = 0
        self.outbox = SqlAlchemyOutboxedEventRepository(database.sessions, registry=REGISTRY)
        self.inbox = database.inbox()
        self.mediator = bootstrap(events_mapper=lambda m: m.bind(Ordered, self.handle))

    async def handle(self, event: Ordered) -> None:
        self.handled += 1
        await effect(str(event.payload))
        self.outbox.add(Shipped(topic="shipments", payload=event.payload), key="k")
        if event.payload in self.poison:
            raise Deliberate(event.payload)
        if self.failures.get(event.payload, 0):
            self.failures[event.payload] -= 1
            raise Deliberate(event.payload)

    def consumer(self, source: MessageSource, **policy: Any) -> Consumer:
        chosen: dict[str, Any] = {
            "receive_timeout": 0.1,
            "attempt_backoff": AT_ONCE,
            "outage_backoff": SOON,
            "parked_backoff": SOON,
            "replay_every": 0.0,
        }
        return Consumer(
            source,
            self.mediator,
            name=self.name,
            inbox=self.inbox,
            unit_of_work=self.database.unit_of_work,
            registry=REGISTRY,
            policy=ConsumerPolicy(**(chosen | policy)),
        )

    async def shipped(self) -> list[int]:
        """The messages that are to leave, in their order."""
        return [event.event.payload for event in await self.outbox.get_many(10_000)]

    async def until(self, count: int) -> list[str]:
        """The effects, when there are so many."""

        async def enough() -> list[str] | None:
            found = await self.database.effects()
            return found if len(found) >= count else None

        return cast("list[str]", await until(enough, every=0.02))

    async def until_parked(self, count: int = 1) -> Any:
        """What is parked, when there is so much."""

        async def enough() -> Any:
            found = await self.inbox.parked.list(self.name)
            return found if len(found) >= count else None

        return await until(enough, every=0.02)


def ordered(number: int, key: str | None = None, topic: str = "orders") -> Message:
    """The message that carries a number."""
    event = Ordered(topic=topic, payload=number)
    return Message("ordered", topic, event.to_dict(), event.event_id, key=key)


async def main(database: str, wire: str, address: str, topic: str, *member: str) -> None:
    """Consume until the process is stopped or killed; ``wire`` is the module of a broker."""
    faults.install()
    source = importlib.import_module(wire).Wire(address, topic).source(*member)
    await Shipping(Database(engine_of(database))).consumer(source).run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
