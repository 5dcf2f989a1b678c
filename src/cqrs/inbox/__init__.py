"""Step 6 of the flow: what arrives takes effect once, in the transaction of the business data.

``cqrs.inbox.sqlalchemy`` remembers it in a database; ``cqrs.workers.consumer`` is the worker that uses it.
"""

from cqrs.inbox.memory.repository import MemoryInbox, MemoryInboxRepository
from cqrs.inbox.parked import ParkedMessage, ParkedMessages, TakenSequence
from cqrs.inbox.repository import InboxRepository

__all__ = [
    "InboxRepository",
    "MemoryInbox",
    "MemoryInboxRepository",
    "ParkedMessage",
    "ParkedMessages",
    "TakenSequence",
]
