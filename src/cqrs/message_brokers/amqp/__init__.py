"""RabbitMQ, and other servers that speak AMQP 0.9.1."""

from cqrs.message_brokers.amqp.broker import AMQPMessageBroker
from cqrs.message_brokers.amqp.source import AMQPMessageSource

__all__ = ["AMQPMessageBroker", "AMQPMessageSource"]
