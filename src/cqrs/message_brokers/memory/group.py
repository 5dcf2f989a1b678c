"""The consumer groups of the broker in memory: each message goes to one member, until it is acknowledged."""

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
    """A message of a group until it is acknowledged, with its position in the order of sending."""

    envelope: Envelope
    position: int
    deliveries: int = 0
    delayed: bool = False


class Group:
    """The unacknowledged messages of one group.

    While a member handles messages of a key, no other member gets messages of this key. While a message that was given
    back is delayed, no member gets later messages of its key.
    """

    def __init__(self, topics: frozenset[str]) -> None:
        self.topics = topics
        self._positions = 0
        self._waiting: list[Entry] = []
        self._owners: dict[str, list[object]] = {}

    def offer(self, envelope: Envelope) -> None:
        """Add a message that was sent, if the group receives its topic."""
        if envelope.topic in self.topics:
            arriving = received(
                envelope.topic, envelope.body, envelope.to_headers(), f"{envelope.topic}/{self._positions}"
            )
            self._waiting.append(Entry(arriving, self._positions))
            self._positions += 1

    def assign(self, member: object, limit: int) -> list[Entry]:
        """Give at most ``limit`` messages to ``member``."""
        assigned: list[Entry] = []
        left: list[Entry] = []
        held: set[str | None] = set()
        for entry in self._waiting:
            key = entry.envelope.key
            owners = self._owners.get(key, []) if key is not None else []
            if len(assigned) < limit and not entry.delayed and key not in held and all(one is member for one in owners):
                assigned.append(entry)
                if key is not None:
                    self._owners.setdefault(key, []).append(member)
            else:
                left.append(entry)
                if key is not None:
                    held.add(key)
        self._waiting = left
        return assigned

    def done(self, member: object, entry: Entry) -> None:
        """Note that ``member`` has acknowledged ``entry`` or given it back."""
        key = entry.envelope.key
        if key is not None:
            owners = self._owners[key]
            owners.remove(member)
            if not owners:
                del self._owners[key]

    def give_back(self, entry: Entry) -> None:
        """Deliver ``entry`` again, at its position."""
        bisect.insort(self._waiting, entry, key=lambda other: other.position)


class MemoryDelivery(Delivery):
    """A message from memory."""

    def __init__(self, source: MemoryMessageSource, entry: Entry) -> None:
        self.envelope = entry.envelope
        self.attempt = entry.deliveries
        self.entry = entry
        self._source = source

    async def ack(self) -> None:
        """Acknowledge the message."""
        self._source.finish(self)

    async def nack(self, delay: float = 0.0) -> None:
        """Give the message back: it is delivered again after ``delay`` seconds; later messages of its key wait."""
        self._source.finish(self, redeliver_in=delay)


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
        """Do nothing: a source in memory needs no connection."""

    async def close(self) -> None:
        """Give unacknowledged messages back, in order."""
        for delivery in list(self._open.values()):
            self.finish(delivery, redeliver_in=0)

    async def receive(self, limit: int = 100, timeout: float = 1.0) -> Sequence[Delivery]:  # noqa: ASYNC109  # the port's
        """The messages for this member that are there, or are sent within ``timeout`` seconds."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        while True:
            entries = self._group.assign(self, limit)
            left = deadline - loop.time()
            if entries or left <= 0:
                break
            await self._broker.wait(left)
        for entry in entries:
            entry.deliveries += 1
        deliveries = [MemoryDelivery(self, entry) for entry in entries]
        self._open.update((id(delivery), delivery) for delivery in deliveries)
        return deliveries

    def finish(self, delivery: MemoryDelivery, redeliver_in: float | None = None) -> None:
        """Acknowledge ``delivery``, or give it back for a redelivery; only the first call has an effect."""
        if self._open.pop(id(delivery), None) is None:
            return
        self._group.done(self, delivery.entry)
        if redeliver_in is not None:
            self._group.give_back(delivery.entry)
        if redeliver_in:
            delivery.entry.delayed = True
            asyncio.get_running_loop().call_later(redeliver_in, self._end_delay, delivery.entry)
        else:
            self._broker.wake()

    def _end_delay(self, entry: Entry) -> None:
        entry.delayed = False
        self._broker.wake()
