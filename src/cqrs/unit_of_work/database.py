"""Step 4, what a bootstrap, a consumer or a middleware is given as ``database``: the port."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from cqrs.unit_of_work.options import DEFAULT_OPTIONS

if TYPE_CHECKING:
    from cqrs.events.registry import EventRegistry
    from cqrs.inbox.repository import InboxRepository
    from cqrs.outbox.repository import OutboxedEventRepository
    from cqrs.unit_of_work.options import TransactionOptions
    from cqrs.unit_of_work.protocol import UnitOfWork


class TransactionalDatabase(Protocol):
    """The transactions of one database, and what becomes part of them."""

    @property
    def outbox(self) -> OutboxedEventRepository:
        """Its outbox."""
        ...

    @property
    def inbox(self) -> InboxRepository:
        """Its inbox."""
        ...

    @property
    def registry(self) -> EventRegistry:
        """The types of the events in the messages that it sends and receives."""
        ...

    @property
    def session(self) -> Any:
        """What is, at each use, the session of the open transaction."""
        ...

    @property
    def place(self) -> Any:
        """What its units of work have in common."""
        ...

    @property
    def name(self) -> str:
        """What it is called in errors."""
        ...

    def unit_of_work(self, options: TransactionOptions = DEFAULT_OPTIONS, /) -> UnitOfWork:
        """A new unit of work that is not open yet."""
        ...
