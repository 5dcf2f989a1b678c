"""Step 6 of the flow: what arrives takes effect once, in the transaction of the business data.

``cqrs.inbox.sqlalchemy`` remembers it in a database; ``cqrs.workers.consumer`` is the worker that uses it.
"""

import typing

from cqrs._lazy_names import lazy_names as _lazy_names

if typing.TYPE_CHECKING:
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

_NAMES_IN = {
    "cqrs.inbox.memory.repository": ("MemoryInbox", "MemoryInboxRepository"),
    "cqrs.inbox.parked": ("ParkedMessage", "ParkedMessages", "TakenSequence"),
    "cqrs.inbox.repository": ("InboxRepository",),
}

if not typing.TYPE_CHECKING:  # else a type checker accepts any name
    __getattr__, __dir__ = _lazy_names(__name__, _NAMES_IN)
