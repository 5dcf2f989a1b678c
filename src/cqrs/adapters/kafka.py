"""The established path of these names, which are in :mod:`cqrs.message_brokers.kafka.producer`."""

from cqrs.message_brokers.kafka.producer import (
    KafkaConnection,
    KafkaProducer,
    KafkaProducerAdapter,
    kafka_producer_factory,
)

__all__ = ["KafkaConnection", "KafkaProducer", "KafkaProducerAdapter", "kafka_producer_factory"]
