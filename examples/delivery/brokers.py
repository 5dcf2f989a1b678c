"""The brokers that can be between the two. Nothing else in this example knows which one it is."""
# ruff: noqa: PLC0415 - the driver of the one that is used is installed, and perhaps no other

from collections.abc import Callable

from cqrs.message_brokers.protocol import MessageBroker
from cqrs.message_brokers.source import MessageSource
from examples.delivery.messages import TOPIC


def _kafka_broker(address: str) -> MessageBroker:
    from cqrs.adapters.kafka import kafka_producer_factory
    from cqrs.message_brokers.kafka import KafkaMessageBroker

    return KafkaMessageBroker(kafka_producer_factory(dsn=address, topics=[TOPIC]))


def _kafka_source(address: str, group: str) -> MessageSource:
    from cqrs.message_brokers.kafka_source import KafkaMessageSource

    return KafkaMessageSource(address, TOPIC, group)


def _rabbitmq_broker(address: str) -> MessageBroker:
    from cqrs.message_brokers.amqp import AMQPMessageBroker

    return AMQPMessageBroker(dsn=address, exchange_name="shop")


def _rabbitmq_source(address: str, group: str) -> MessageSource:
    from cqrs.message_brokers.amqp_source import AMQPMessageSource

    return AMQPMessageSource(address, TOPIC, exchange_name="shop", group=group)


BROKERS: dict[str, tuple[Callable[[str], MessageBroker], Callable[[str, str], MessageSource]]] = {
    "kafka": (_kafka_broker, _kafka_source),
    "rabbitmq": (_rabbitmq_broker, _rabbitmq_source),
}
"""What sends, made from an address; and what receives, made from an address and the name of a group."""
