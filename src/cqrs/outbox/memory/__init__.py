"""An outbox in memory: the reference for the others, and the one for tests."""

from cqrs.outbox.memory.repository import MemoryOutboxedEventRepository

__all__ = ["MemoryOutboxedEventRepository"]
