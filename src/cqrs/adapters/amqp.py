"""The established path of these names, which are in :mod:`cqrs.message_brokers.amqp.factories`."""

from cqrs.message_brokers.amqp.factories import (
    AMQPConsumer,
    AMQPPublisher,
    amqp_consumer_factory,
    amqp_publisher_factory,
)

__all__ = ["AMQPConsumer", "AMQPPublisher", "amqp_consumer_factory", "amqp_publisher_factory"]
