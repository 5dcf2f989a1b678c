"""Kafka, through aiokafka."""

from cqrs.message_brokers.kafka.broker import KafkaMessageBroker, by_place
from cqrs.message_brokers.kafka.source import KafkaMessageSource

__all__ = ["KafkaMessageBroker", "KafkaMessageSource", "by_place"]
