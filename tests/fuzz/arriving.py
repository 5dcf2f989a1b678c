"""A source that delivers what it is given, whatever that is."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from cqrs.message_brokers.source import Delivery, MessageSource

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cqrs.envelope import Envelope


class Arriving(MessageSource):
    """Delivers messages in their order, and again what is given back. ``done`` are those that were acknowledged."""

    def __init__(self) -> None:
        self.done: list[Envelope] = []
        self._waiting: deque[_Arrival] = deque()
        self._settled = asyncio.Event()

    def put(self, envelopes: Iterable[Envelope]) -> None:
        self._waiting.extend(_Arrival(self, envelope) for envelope in envelopes)

    async def all_done(self, count: int) -> None:
        while len(self.done) < count:
            self._settled.clear()
            await self._settled.wait()

    async def start(self) -> None:
        """It is there."""

    async def close(self) -> None:
        """It stays there."""

    async def receive(self, limit: int = 100, timeout: float = 1.0) -> Sequence[Delivery]:  # noqa: ASYNC109  # the port's
        if not self._waiting:
            await asyncio.sleep(min(timeout, 0.005))
        return [self._waiting.popleft() for _ in range(min(limit, len(self._waiting)))]

    def settled(self, arrival: _Arrival, *, done: bool) -> None:
        if done:
            self.done.append(arrival.envelope)
            self._settled.set()
        else:
            self._waiting.append(_Arrival(self, arrival.envelope))


class _Arrival(Delivery):
    attempt = 1

    def __init__(self, source: Arriving, envelope: Envelope) -> None:
        self.envelope = envelope
        self._source = source
        self._said = False

    async def ack(self) -> None:
        self._say(done=True)

    async def nack(self, delay: float = 0.0) -> None:
        self._say(done=False)

    def _say(self, *, done: bool) -> None:
        if not self._said:
            self._said = True
            self._source.settled(self, done=done)
