"""Redis Streams."""

from cqrs.message_brokers.redis.broker import RedisMessageBroker
from cqrs.message_brokers.redis.source import RedisMessageSource

__all__ = ["RedisMessageBroker", "RedisMessageSource"]
