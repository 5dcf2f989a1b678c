"""Step 4b of the flow: notifications wait in the transaction of the business data until they are sent.

``cqrs.outbox.sqlalchemy.repository`` stores them in a database.
"""

import typing

from cqrs._lazy_names import lazy_names as _lazy_names

if typing.TYPE_CHECKING:
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

_NAMES_IN = {
    "cqrs.outbox.event": ("EventStatus", "OutboxedEvent"),
    "cqrs.outbox.map": ("OutboxedEventMap",),
    "cqrs.outbox.memory.repository": ("MemoryOutboxedEventRepository",),
    "cqrs.outbox.memory.store": ("MemoryOutbox",),
    "cqrs.outbox.parked": ("ParkedMessage", "ParkedMessages"),
    "cqrs.outbox.peeked": ("MessageState", "PeekedMessage"),
    "cqrs.outbox.repository": ("OutboxedEventRepository",),
}

if not typing.TYPE_CHECKING:  # else a type checker accepts any name
    __getattr__, __dir__ = _lazy_names(__name__, _NAMES_IN)
