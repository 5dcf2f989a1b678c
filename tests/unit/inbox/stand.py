"""A consumer in memory, with handlers that tests can let fail."""

from __future__ import annotations

import dataclasses
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import cqrs
from cqrs.events.bootstrap import bootstrap
from cqrs.events.registry import EventRegistry
from cqrs.inbox import MemoryInbox, MemoryInboxRepository
from cqrs.message_brokers.memory.broker import MemoryMessageBroker
from cqrs.message_brokers.protocol import Message
from cqrs.unit_of_work import current_unit_of_work
from cqrs.unit_of_work.memory import MemoryUnitOfWork
from cqrs.workers.consumer.consumer import Consumer, ConsumerPolicy
from tests.helpers.waiting import AT_ONCE, until

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from cqrs.message_brokers.source import Delivery

QUICK = ConsumerPolicy(
    receive_timeout=0.05, attempt_backoff=AT_ONCE, parked_backoff=AT_ONCE, outage_backoff=AT_ONCE, replay_every=0.0
)


class Numbered(cqrs.NotificationEvent[int]):
    """An event that carries its number."""

    event_name: str = "numbered"


class Stand:
    """A topic, and what its messages have led to. ``errors`` are raised for a number, one at each try."""

    topic = "numbers"

    def __init__(self) -> None:
        self.broker = MemoryMessageBroker()
        self.store = MemoryInbox()
        self.inbox = MemoryInboxRepository(store=self.store)
        self.effects: list[int] = []
        self.errors: dict[int, list[Exception]] = {}
        self.tried: list[int] = []
        self.registry = EventRegistry()
        self.registry.register(Numbered, "numbered")
        self.bind()
        self.acknowledged: list[int] = []

    def bind(self) -> None:
        """Let messages go to what ``handle`` is now."""
        self.mediator = bootstrap(events_mapper=lambda m: m.bind(Numbered, self.handle))

    async def handle(self, event: Numbered) -> None:
        self.tried.append(event.payload)
        unit = current_unit_of_work()
        assert unit is not None
        unit.session.enlist(lambda: self.effects.append(event.payload))
        if self.errors.get(event.payload):
            raise self.errors[event.payload].pop(0)

    async def send(self, *numbers: int, key: str | None = None, name: str = "numbered") -> None:
        for number in numbers:
            event = Numbered(topic=self.topic, payload=number)
            message = Message(name, self.topic, event.to_dict(), event.event_id, key=key)
            await self.broker.send_message(message)

    def consumer(self, **changes: Any) -> Consumer:
        source = self.broker.source(self.topic, group="g")
        policy = dataclasses.replace(QUICK, **changes.pop("policy", {}))
        options: dict[str, Any] = {"inbox": self.inbox, "unit_of_work": MemoryUnitOfWork, "registry": self.registry}
        return Consumer(source, self.mediator, name="c", policy=policy, **(options | changes))

    @asynccontextmanager
    async def running(self, **changes: Any) -> AsyncGenerator[Consumer, None]:
        async with self.consumer(**changes) as consumer:
            yield consumer

    async def until(self, *effects: int) -> None:
        """Returns when these effects are there, in this order."""
        await until(lambda: len(self.effects) >= len(effects))
        assert self.effects == list(effects)

    async def until_parked(self, count: int) -> None:
        """Returns when so many sequences wait for an operator."""

        async def enough() -> bool:
            return sum(one.retry_at is None for one in await self.inbox.parked.list("c")) >= count

        await until(enough)

    async def left(self) -> list[Delivery]:
        """What the broker would deliver again."""
        async with self.broker.source(self.topic, group="g") as source:
            return list(await source.receive(timeout=0.0))
