"""The established path of these names, which are in :mod:`cqrs.message_brokers.amqp.protocol`."""

from cqrs.message_brokers.amqp.protocol import AMQPConsumer, AMQPPublisher

__all__ = ["AMQPConsumer", "AMQPPublisher"]
