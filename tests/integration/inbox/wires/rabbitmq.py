from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING

from cqrs.envelope import Envelope
from cqrs.message_brokers.amqp.broker import AMQPMessageBroker
from cqrs.message_brokers.amqp.source import AMQPMessageSource
from tests.integration.inbox.wires.wire import BrokerWire

if TYPE_CHECKING:
    from asyncio.subprocess import Process


class Wire(BrokerWire):
    async def prepare(self) -> None:
        for group in ("g", "a", "b"):  # a queue keeps what is sent after it was made
            async with self.source(group, ""):
                pass

    def sender(self) -> AMQPMessageBroker:
        return AMQPMessageBroker(dsn=self.address, exchange_name=f"x-{self.topic}")

    def source(self, group: str, member: str) -> AMQPMessageSource:
        """The queue notices that a connection has ended; its only consumer is then the next one."""
        return AMQPMessageSource(
            self.address, self.topic, exchange_name=f"x-{self.topic}", group=f"{group}-{self.topic}"
        )

    async def nothing_left(self, group: str, worker: Process) -> None:
        """A queue gives what came back before what is new, so nothing has come back if the first is new."""
        worker.terminate()
        async with asyncio.timeout(30):
            assert await worker.wait() == 0
        last = Envelope(message_id=uuid.uuid4(), name="last", topic=self.topic, body=b"{}")
        await self.send([last])
        async with self.source(group, "") as source, asyncio.timeout(30):
            while not (found := await source.receive()):
                pass
            assert [delivery.envelope.message_id for delivery in found] == [last.message_id]
