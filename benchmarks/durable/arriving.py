"""Messages that a broker has already handed over."""

from __future__ import annotations

import asyncio

from benchmarks.durable.shop import KEYS, order_placed
from cqrs.envelope import Envelope, encoded
from cqrs.message_brokers.source import Delivery, MessageSource


class Backlog(MessageSource):
    """So many of them, each with an id of its own. Acknowledging costs nothing, and is counted in ``done``."""

    def __init__(self, count: int) -> None:
        self.done = 0
        self._waiting = [_envelope(number) for number in range(count)]

    async def receive(self, limit: int = 100, timeout: float = 1.0) -> list[Delivery]:  # noqa: ASYNC109  # the port's
        """The next ones."""
        taken, self._waiting = self._waiting[:limit], self._waiting[limit:]
        if not taken:
            await asyncio.sleep(min(timeout, 0.05))
        return [Arrived(envelope, self) for envelope in taken]

    async def start(self) -> None:
        """Nothing has to be done."""

    async def close(self) -> None:
        """Nothing has to be done."""


class Arrived(Delivery):
    """A message from the backlog."""

    def __init__(self, envelope: Envelope, backlog: Backlog) -> None:
        self.envelope, self.attempt = envelope, 1
        self._backlog = backlog

    async def ack(self) -> None:
        """It has taken effect."""
        self._backlog.done += 1

    async def nack(self, delay: float = 0.0) -> None:
        """It has not."""


def _envelope(number: int) -> Envelope:
    event = order_placed(number)
    return Envelope(
        message_id=event.event_id,
        name="order-placed",
        topic="orders",
        key=f"key-{number % KEYS}",
        body=encoded(event.to_dict()),
    )
