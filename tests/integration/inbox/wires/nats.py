from __future__ import annotations

from typing import TYPE_CHECKING

import nats

from cqrs.message_brokers.nats.broker import NatsMessageBroker
from cqrs.message_brokers.nats.source import NatsMessageSource
from cqrs.message_brokers.nats.stream import NatsStream
from tests.helpers.waiting import until
from tests.integration.inbox.wires.wire import BrokerWire

if TYPE_CHECKING:
    from asyncio.subprocess import Process


class Wire(BrokerWire):
    @property
    def stream(self) -> NatsStream:
        return NatsStream(name=f"s-{self.topic}", subjects=(self.topic,))

    def sender(self) -> NatsMessageBroker:
        return NatsMessageBroker(self.address, stream=self.stream)

    def source(self, group: str, member: str) -> NatsMessageSource:
        # Messages of a member that died come late, behind newer ones: one at a time keeps the order.
        pending = {"max_ack_pending": 1} if member else {}
        return NatsMessageSource(self.address, self.topic, group=group, stream=self.stream, ack_wait=1.0, **pending)

    async def nothing_left(self, group: str, worker: Process) -> None:
        """The server knows what it has delivered, and what it has not."""
        client = await nats.connect(self.address)
        try:
            jetstream = client.jetstream()

            async def done() -> bool:
                found = await jetstream.consumer_info(self.stream.name, f"{group}-{self.topic}")
                return found.num_ack_pending == found.num_pending == 0

            await until(done)
        finally:
            await client.close()
