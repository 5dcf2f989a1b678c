from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from cqrs.errors import BrokerUnavailable
from cqrs.testing.conformance.message_broker import an_envelope, received
from tests.integration.kafka.backend import KafkaBackend

if TYPE_CHECKING:
    from cqrs.envelope import Envelope
    from cqrs.message_brokers.kafka import KafkaMessageBroker
    from tests.servers import Server


class Sender:
    """Sends numbered messages of five keys without end, and sends again what failed, as a relay does."""

    def __init__(self, broker: KafkaMessageBroker, topic: str) -> None:
        self.confirmed: list[int] = []
        self.outages = 0
        self._broker = broker
        self._topic = topic
        self._changed = asyncio.Condition()

    async def run(self) -> None:
        waiting: list[Envelope] = []
        number = 0
        while True:
            while len(waiting) < 50:
                waiting.append(an_envelope(self._topic, number, key=f"k{number % 5}"))
                number += 1
            errors = await self._broker.send(waiting)
            assert {type(error) for error in errors if error} <= {BrokerUnavailable}
            self.confirmed += [int(e.body) for e, error in zip(waiting, errors, strict=True) if error is None]
            waiting = [e for e, error in zip(waiting, errors, strict=True) if error is not None]
            self.outages += bool(waiting)
            async with self._changed:
                self._changed.notify_all()

    async def until_confirmed(self, more: int) -> None:
        goal = len(self.confirmed) + more
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.confirmed) >= goal)

    async def until_outage(self) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self.outages > 0)


async def test_nothing_that_was_confirmed_is_lost_when_the_server_is_killed(kafka_server: Server) -> None:
    backend = KafkaBackend(kafka_server.address)
    await backend.create("numbers", partitions=3)
    broker = backend.broker(timeout=3, retry_count=1, retry_delay=0.2)
    sender = Sender(broker, "numbers")
    sending = asyncio.create_task(sender.run())
    await sender.until_confirmed(500)
    await asyncio.to_thread(kafka_server.kill)
    await sender.until_outage()
    await asyncio.to_thread(kafka_server.start)
    await sender.until_confirmed(500)
    sending.cancel()
    await asyncio.wait([sending])
    await broker.close()

    first: dict[int, None] = {}
    async with backend.source("numbers", "reader") as source:
        while not first.keys() >= set(sender.confirmed):
            for delivery in await received(source, 1):
                first.setdefault(int(delivery.envelope.body))
    for key in range(5):
        of_key = [number for number in first if number % 5 == key]
        assert of_key == sorted(of_key)


async def test_a_short_restart_is_not_noticed(kafka_server: Server) -> None:
    backend = KafkaBackend(kafka_server.address)
    await backend.create("numbers")
    async with backend.broker(timeout=90) as broker, backend.source("numbers", "one", timeout=90) as source:
        assert await broker.send([an_envelope("numbers", 0)]) == [None]
        (delivery,) = await received(source, 1, ack=False)
        restarting = asyncio.create_task(asyncio.to_thread(kafka_server.restart))
        assert await broker.send([an_envelope("numbers", 1)]) == [None]
        await restarting
        await delivery.ack()
        assert [int(d.envelope.body) for d in await received(source, 1)] == [1]
