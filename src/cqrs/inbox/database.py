"""Step 6, what a consumer is given as ``database``: the port."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from cqrs.unit_of_work.database import TransactionalDatabase

if TYPE_CHECKING:
    from cqrs.events.registry import EventRegistry
    from cqrs.inbox.repository import InboxRepository


class InboxDatabase(TransactionalDatabase, Protocol):
    """The transactions of one database, and the inbox that is part of them."""

    @property
    def inbox(self) -> InboxRepository:
        """Its inbox."""
        ...

    @property
    def registry(self) -> EventRegistry:
        """The types of the events in the messages that it receives."""
        ...
