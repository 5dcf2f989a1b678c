"""An inbox in memory: the reference for the others, and the one for tests."""

from cqrs.inbox.memory.repository import MemoryInbox, MemoryInboxRepository

__all__ = ["MemoryInbox", "MemoryInboxRepository"]
