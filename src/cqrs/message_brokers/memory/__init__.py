"""A broker in memory: the reference for the others, and the one for tests."""

from cqrs.message_brokers.memory.broker import MemoryMessageBroker
from cqrs.message_brokers.memory.group import MemoryMessageSource

__all__ = ["MemoryMessageBroker", "MemoryMessageSource"]
