"""A broker in memory, for tests, and the reference for the others."""

from cqrs.message_brokers.memory.broker import MemoryMessageBroker
from cqrs.message_brokers.memory.group import MemoryMessageSource

__all__ = ["MemoryMessageBroker", "MemoryMessageSource"]
