"""NATS JetStream, through nats-py."""

from cqrs.message_brokers.nats.broker import NatsMessageBroker
from cqrs.message_brokers.nats.source import NatsMessageSource
from cqrs.message_brokers.nats.stream import NatsStream

__all__ = ["NatsMessageBroker", "NatsMessageSource", "NatsStream"]
