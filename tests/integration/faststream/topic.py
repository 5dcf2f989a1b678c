"""A topic of one test, seen from outside of the service that consumes it."""

from __future__ import annotations

import json
import uuid
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from tests.helpers.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Topic:
    """One partition, so that its messages have one order."""

    def __init__(self, bootstrap: str, producer: AIOKafkaProducer) -> None:
        self.bootstrap = bootstrap
        self.name = f"topic-{uuid.uuid4().hex}"
        self.group = f"group-{uuid.uuid4().hex}"
        self._producer = producer

    async def send(self, message: Any) -> None:
        """Append a message: bytes as they are, nothing as a message without a value, and anything else as JSON."""
        raw = message if message is None or isinstance(message, bytes) else json.dumps(message).encode()
        await self._producer.send_and_wait(self.name, raw, key=b"key")

    async def acknowledged(self) -> int:
        """How many messages the group has acknowledged."""
        async with AIOKafkaConsumer(bootstrap_servers=self.bootstrap, group_id=self.group) as consumer:
            return await consumer.committed(TopicPartition(self.name, 0)) or 0

    async def until_acknowledged(self, count: int) -> None:
        """Returns when the group has acknowledged `count` messages."""

        async def acknowledged() -> bool:
            return await self.acknowledged() >= count

        await until(acknowledged, every=0.05)


@asynccontextmanager
async def new_topic(bootstrap: str) -> AsyncIterator[Topic]:
    """A topic that no other test uses."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        topic = Topic(bootstrap, producer)
        try:
            await admin.create_topics([NewTopic(topic.name, num_partitions=1, replication_factor=1)])
        finally:
            await admin.close()
        yield topic
