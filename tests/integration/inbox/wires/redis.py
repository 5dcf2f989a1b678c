from __future__ import annotations

from typing import TYPE_CHECKING

from cqrs.message_brokers.redis.broker import RedisMessageBroker
from cqrs.message_brokers.redis.source import RedisMessageSource
from tests.helpers.waiting import until
from tests.integration.inbox.wires.wire import BrokerWire

if TYPE_CHECKING:
    from asyncio.subprocess import Process


class Wire(BrokerWire):
    def sender(self) -> RedisMessageBroker:
        return RedisMessageBroker(self.address)

    def source(self, group: str, member: str) -> RedisMessageSource:
        if member:
            return RedisMessageSource(self.address, self.topic, group=group, member=member, claim_after=600)
        return RedisMessageSource(self.address, self.topic, group=group, claim_after=1)

    async def nothing_left(self, group: str, worker: Process) -> None:
        """The group knows what it has delivered, and what it has not."""
        from redis.asyncio import Redis  # noqa: PLC0415  # for the test alone

        async with Redis.from_url(self.address) as client:

            async def done() -> bool:
                groups = {one["name"].decode(): one for one in await client.xinfo_groups(self.topic)}
                return groups[group]["pending"] == groups[group]["lag"] == 0

            await until(done)
