from __future__ import annotations

from typing import TYPE_CHECKING

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from cqrs.message_brokers.kafka.broker import KafkaMessageBroker
from cqrs.message_brokers.kafka.connection import KafkaConnection
from cqrs.message_brokers.kafka.producer import KafkaProducerAdapter
from cqrs.message_brokers.kafka.source import KafkaMessageSource
from tests.helpers.waiting import until
from tests.integration.inbox.wires.wire import BrokerWire

if TYPE_CHECKING:
    from asyncio.subprocess import Process

PARTITIONS = 2


class Wire(BrokerWire):
    async def prepare(self) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.address)
        await admin.start()
        try:
            await admin.create_topics([NewTopic(self.topic, PARTITIONS, 1)])
        finally:
            await admin.close()

    def sender(self) -> KafkaMessageBroker:
        return KafkaMessageBroker(KafkaProducerAdapter(bootstrap_servers=self.address))

    def source(self, group: str, member: str) -> KafkaMessageSource:
        # A member with a name takes the place of the one that died; without, its session has to end first.
        options = {"group_instance_id": member} if member else {"session_timeout_ms": 6000}  # no broker takes less
        connection = KafkaConnection(bootstrap_servers=self.address, options=options)
        return KafkaMessageSource(connection, self.topic, self._group(group), commit_interval=0.05)

    async def nothing_left(self, group: str, worker: Process) -> None:
        """What is committed is where the partitions end."""
        partitions = [TopicPartition(self.topic, number) for number in range(PARTITIONS)]
        reader = AIOKafkaConsumer(bootstrap_servers=self.address)
        admin = AIOKafkaAdminClient(bootstrap_servers=self.address)
        try:
            await reader.start()
            await admin.start()
            ends = await reader.end_offsets(partitions)

            async def done() -> bool:
                found = await admin.list_consumer_group_offsets(self._group(group))
                return {partition: offset.offset for partition, offset in found.items()} == ends

            await until(done)
        finally:
            await admin.close()
            await reader.stop()

    def _group(self, group: str) -> str:
        return f"{group}-{self.topic}"  # groups are known to the whole cluster
