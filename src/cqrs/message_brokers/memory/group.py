"""Step 6, the groups of the broker in memory: each message to one member, again until it is acknowledged."""

from __future__ import annotations

import asyncio
import bisect
import dataclasses
from typing import TYPE_CHECKING

from cqrs.message_brokers.foreign import received
from cqrs.message_brokers.protocol import Features
from cqrs.message_brokers.source import Delivery, MessageSource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqrs.envelope import Envelope
    from cqrs.message_brokers.memory.broker import MemoryMessageBroker


@dataclasses.dataclass(eq=False, slots=True)
class Entry:
    """A message of a group until it is acknowledged, with its place in the order of sending."""

    envelope: Envelope
    place: int
    deliveries: int = 0
    delayed: bool = False


class Group:
    """What the members of one group have still to do.

    While a member works on messages of a key, no other member gets messages of it. While a message that was given back
    is delayed, nobody gets later ones of its key.
    """

    def __init__(self, topics: frozenset[str]) -> None:
        self.topics = topics
        self._places = 0
        self._waiting: list[Entry] = []
        self._owners: dict[str, list[object]] = {}

    def offer(self, envelope: Envelope) -> None:
        """Something was sent."""
        if envelope.topic in self.topics:
            arriving = received(
                envelope.topic, envelope.body, envelope.to_headers(), f"{envelope.topic}/{self._places}"
            )
            self._waiting.append(Entry(arriving, self._places))
            self._places += 1

    def take(self, member: object, limit: int) -> list[Entry]:
        """What ``member`` works on now."""
        taken: list[Entry] = []
        left: list[Entry] = []
        held: set[str | None] = set()
        for entry in self._waiting:
            key = entry.envelope.key
            owners = self._owners.get(key, []) if key is not None else []
            if len(taken) < limit and not entry.delayed and key not in held and all(one is member for one in owners):
                taken.append(entry)
                if key is not None:
                    self._owners.setdefault(key, []).append(member)
            else:
                left.append(entry)
                if key is not None:
                    held.add(key)
        self._waiting = left
        return taken

    def done(self, member: object, entry: Entry) -> None:
        """``member`` does not work on ``entry`` any more."""
        key = entry.envelope.key
        if key is not None:
            owners = self._owners[key]
            owners.remove(member)
            if not owners:
                del self._owners[key]

    def give_back(self, entry: Entry) -> None:
        """It must be delivered again, in its place."""
        bisect.insort(self._waiting, entry, key=lambda other: other.place)


class MemoryDelivery(Delivery):
    """A message from memory."""

    def __init__(self, source: MemoryMessageSource, entry: Entry) -> None:
        self.envelope = entry.envelope
        self.attempt = entry.deliveries
        self.entry = entry
        self._source = source

    async def ack(self) -> None:
        """It is done."""
        self._source.settle(self)

    async def nack(self, delay: float = 0.0) -> None:
        """Deliver it again after ``delay`` seconds; until then, what has its key and comes after it waits."""
        self._source.settle(self, again_in=delay)


class MemoryMessageSource(MessageSource):
    """A member of a group in memory. Made by ``MemoryMessageBroker.source``."""

    features = Features(ordered_across_members=True, redelivers_in_order=True)

    def __init__(self, broker: MemoryMessageBroker, group: Group) -> None:
        self._broker = broker
        self._group = group
        self._open: dict[int, MemoryDelivery] = {}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {', '.join(sorted(self._group.topics))}>"

    async def start(self) -> None:
        """Nothing has to be done."""

    async def close(self) -> None:
        """Give back what was not acknowledged, in its order."""
        for delivery in list(self._open.values()):
            self.settle(delivery, again_in=0)

    async def receive(self, limit: int = 100, timeout: float = 1.0) -> Sequence[Delivery]:  # noqa: ASYNC109  # the port's
        """What is there for this member, or is sent within ``timeout`` seconds."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        while True:
            taken = self._group.take(self, limit)
            left = deadline - loop.time()
            if taken or left <= 0:
                break
            await self._broker.wait(left)
        for entry in taken:
            entry.deliveries += 1
        deliveries = [MemoryDelivery(self, entry) for entry in taken]
        self._open.update((id(delivery), delivery) for delivery in deliveries)
        return deliveries

    def settle(self, delivery: MemoryDelivery, again_in: float | None = None) -> None:
        """Take the first word on ``delivery``; later ones change nothing."""
        if self._open.pop(id(delivery), None) is None:
            return
        self._group.done(self, delivery.entry)
        if again_in is not None:
            self._group.give_back(delivery.entry)
        if again_in:
            delivery.entry.delayed = True
            asyncio.get_running_loop().call_later(again_in, self._again, delivery.entry)
        else:
            self._broker.wake()

    def _again(self, entry: Entry) -> None:
        entry.delayed = False
        self._broker.wake()
