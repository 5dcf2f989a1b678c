"""The established path of ``NatsMessageSource``, which is in :mod:`cqrs.message_brokers.nats.source`."""

from cqrs.message_brokers.nats.source import NatsMessageSource

__all__ = ["NatsMessageSource"]
