"""The established path of ``NatsStream``, which is in :mod:`cqrs.message_brokers.nats.stream`."""

from cqrs.message_brokers.nats.stream import NatsStream

__all__ = ["NatsStream"]
