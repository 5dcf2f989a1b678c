"""The established path of these names, which are in :mod:`cqrs.message_brokers.redis.source`."""

from cqrs.message_brokers.redis.source import RedisMessageSource, StreamEntry

__all__ = ["RedisMessageSource", "StreamEntry"]
