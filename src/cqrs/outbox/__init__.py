"""Step 4b of the flow: notifications wait in the transaction of the business data until they are sent.

``cqrs.outbox.sqlalchemy.repository`` stores them in a database.
"""

from cqrs.outbox.event import EventStatus, OutboxedEvent
from cqrs.outbox.map import OutboxedEventMap
from cqrs.outbox.memory.repository import MemoryOutboxedEventRepository
from cqrs.outbox.memory.store import MemoryOutbox
from cqrs.outbox.parked import ParkedMessage, ParkedMessages
from cqrs.outbox.peeked import MessageState, PeekedMessage
from cqrs.outbox.repository import OutboxedEventRepository

__all__ = [
    "EventStatus",
    "MemoryOutbox",
    "MemoryOutboxedEventRepository",
    "MessageState",
    "OutboxedEvent",
    "OutboxedEventMap",
    "OutboxedEventRepository",
    "ParkedMessage",
    "ParkedMessages",
    "PeekedMessage",
]
