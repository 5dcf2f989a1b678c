"""The established path of ``AMQPMessageSource``, which is in :mod:`cqrs.message_brokers.amqp.source`."""

from cqrs.message_brokers.amqp.source import AMQPMessageSource

__all__ = ["AMQPMessageSource"]
