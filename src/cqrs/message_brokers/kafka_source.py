"""The established path of ``KafkaMessageSource``, which is in :mod:`cqrs.message_brokers.kafka.source`."""

from cqrs.message_brokers.kafka.source import KafkaMessageSource

__all__ = ["KafkaMessageSource"]
