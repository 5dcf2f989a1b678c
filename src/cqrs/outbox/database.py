"""Step 4, what a bootstrap is given as ``database``: the port."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from cqrs.unit_of_work.database import TransactionalDatabase

if TYPE_CHECKING:
    from cqrs.outbox.repository import OutboxedEventRepository


class OutboxDatabase(TransactionalDatabase, Protocol):
    """The transactions of one database, and the outbox that is part of them."""

    @property
    def outbox(self) -> OutboxedEventRepository:
        """Its outbox."""
        ...
