"""Step 6, the groups of the broker in memory: each message to one member, again until it is acknowledged."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from cqrs.message_brokers.source import Delivery, MessageSource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqrs.envelope import Envelope
    from cqrs.message_brokers.memory import MemoryMessageBroker


class Group:
    """What the members of one group have still to do.

    While a member works on messages of a key, no other member gets messages of it.
    """

    def __init__(self, topics: frozenset[str]) -> None:
        self._topics = topics
        self._waiting: list[tuple[Envelope, int]] = []
        self._owners: dict[str, list[object]] = {}

    def offer(self, envelope: Envelope) -> None:
        """Something was sent."""
        if envelope.topic in self._topics:
            self._waiting.append((envelope, 0))

    def take(self, member: object, limit: int) -> list[tuple[Envelope, int]]:
        """What ``member`` works on now, with the number of earlier deliveries."""
        taken: list[tuple[Envelope, int]] = []
        left: list[tuple[Envelope, int]] = []
        for envelope, deliveries in self._waiting:
            owners = self._owners.get(envelope.key, []) if envelope.key is not None else []
            if len(taken) < limit and all(owner is member for owner in owners):
                taken.append((envelope, deliveries))
                if envelope.key is not None:
                    self._owners.setdefault(envelope.key, []).append(member)
            else:
                left.append((envelope, deliveries))
        self._waiting = left
        return taken

    def done(self, member: object, envelope: Envelope) -> None:
        """``member`` does not work on ``envelope`` any more."""
        if envelope.key is not None:
            owners = self._owners[envelope.key]
            owners.remove(member)
            if not owners:
                del self._owners[envelope.key]

    def give_back(self, envelope: Envelope, deliveries: int) -> None:
        """It must be delivered again, before what has not been delivered yet."""
        place = next((n for n, (_, others) in enumerate(self._waiting) if others == 0), len(self._waiting))
        self._waiting.insert(place, (envelope, deliveries))


class MemoryDelivery(Delivery):
    """A message from memory."""

    def __init__(self, source: MemoryMessageSource, envelope: Envelope, attempt: int) -> None:
        self.envelope = envelope
        self.attempt = attempt
        self._source = source

    async def ack(self) -> None:
        """It is done."""
        self._source.settle(self)

    async def nack(self, delay: float = 0.0) -> None:
        """Deliver it again after ``delay`` seconds."""
        self._source.settle(self, again_in=delay)


class MemoryMessageSource(MessageSource):
    """A member of a group in memory. Made by ``MemoryMessageBroker.source``."""

    def __init__(self, broker: MemoryMessageBroker, group: Group) -> None:
        self._broker = broker
        self._group = group
        self._open: dict[int, MemoryDelivery] = {}

    async def start(self) -> None:
        """Nothing has to be done."""

    async def close(self) -> None:
        """Give back what was not acknowledged, in its order."""
        for delivery in list(self._open.values()):
            self.settle(delivery, again_in=0)

    async def receive(self, limit: int = 100, timeout: float = 1.0) -> Sequence[Delivery]:  # noqa: ASYNC109  # the port's
        """What is there for this member, or is sent within ``timeout`` seconds."""
        deadline = asyncio.get_running_loop().time() + timeout
        while True:
            taken = self._group.take(self, limit)
            left = deadline - asyncio.get_running_loop().time()
            if taken or left <= 0:
                break
            await self._broker.wait(left)
        deliveries = [MemoryDelivery(self, envelope, before + 1) for envelope, before in taken]
        self._open.update((id(delivery), delivery) for delivery in deliveries)
        return deliveries

    def settle(self, delivery: MemoryDelivery, again_in: float | None = None) -> None:
        """Take the first word on ``delivery``; later ones change nothing."""
        if self._open.pop(id(delivery), None) is None:
            return
        self._group.done(self, delivery.envelope)
        if again_in:
            asyncio.get_running_loop().call_later(again_in, self._again, delivery)
        elif again_in is not None:
            self._again(delivery)
        else:
            self._broker.wake()

    def _again(self, delivery: MemoryDelivery) -> None:
        self._group.give_back(delivery.envelope, delivery.attempt)
        self._broker.wake()
