"""Brokers, sources and topics on a Kafka of the tests."""

from __future__ import annotations

from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from cqrs.message_brokers.kafka.broker import KafkaMessageBroker, KafkaMessageSource
from cqrs.message_brokers.kafka.producer import kafka_producer_factory


class KafkaBackend:
    features = KafkaMessageBroker.features

    def __init__(self, bootstrap: str, **options: Any) -> None:
        self._bootstrap = bootstrap
        self._options = options

    def broker(self, **options: Any) -> KafkaMessageBroker:
        settings = {"retry_count": 0, **self._options, **options}
        return KafkaMessageBroker(kafka_producer_factory(self._bootstrap, **settings))

    def source(self, topic: str, group: str, **options: Any) -> KafkaMessageSource:
        return KafkaMessageSource(self._bootstrap, topic, f"{topic}-{group}", **options)

    async def prepare(self, topic: str, groups: list[str]) -> None:
        await self.create(topic, partitions=3)

    async def create(self, topic: str, *, partitions: int = 1, **settings: str) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap)
        await admin.start()
        try:
            configs = {name.replace("_", "."): value for name, value in settings.items()}
            answer = await admin.create_topics([NewTopic(topic, partitions, 1, topic_configs=configs)])
            assert [code for _, code, *_ in answer.topic_errors] == [0]
        finally:
            await admin.close()
