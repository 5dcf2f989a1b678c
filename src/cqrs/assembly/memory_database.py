"""Assembly: a database in memory, for services without SQL and for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from cqrs._arguments import REGISTRY, check_given
from cqrs.errors.transactions import NoOpenTransaction
from cqrs.inbox.memory.repository import MemoryInboxRepository
from cqrs.outbox.memory.repository import MemoryOutboxedEventRepository
from cqrs.unit_of_work.memory import MemoryUnitOfWork
from cqrs.unit_of_work.options import DEFAULT_OPTIONS, TransactionOptions, chosen
from cqrs.unit_of_work.stack import unit_for
from cqrs.unit_of_work.transaction_block import separate_transaction, transaction

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from cqrs.events.registry import EventRegistry


class MemoryDatabase:
    """Like a ``cqrs.Database``, but in the memory of one process: transactions, an outbox and an inbox.

    Your own stores join the open transaction with ``db.session.enlist(write)``. Building a mediator raises
    ``WiringError`` if a handler asks for an ``AsyncSession``.
    """

    name = "a database in memory"

    def __init__(self, *, registry: EventRegistry | None = None) -> None:
        check_given("registry", registry, REGISTRY)
        self._outbox = MemoryOutboxedEventRepository(registry=registry, place=self)
        self._inbox = MemoryInboxRepository(place=self)

    @property
    def session(self) -> MemoryUnitOfWork:
        """The open transaction. Raises ``NoOpenTransaction`` if none is open."""
        unit = unit_for(self._outbox, "The session of this database")
        if not isinstance(unit, MemoryUnitOfWork):
            raise NoOpenTransaction(f"The session of {self.name}")
        return unit.session

    @property
    def outbox(self) -> MemoryOutboxedEventRepository:
        """The outbox."""
        return self._outbox

    @property
    def inbox(self) -> MemoryInboxRepository:
        """The inbox."""
        return self._inbox

    @property
    def registry(self) -> EventRegistry:
        """The registry of the event types in messages."""
        return self._outbox.registry

    @property
    def place(self) -> Self:
        """Identifies the database: all its transactions have an equal place."""
        return self

    def unit_of_work(self, options: TransactionOptions = DEFAULT_OPTIONS, /) -> MemoryUnitOfWork:
        """Return a new unit of work. Isolation levels have no effect in memory."""
        del options
        return MemoryUnitOfWork(self)

    def transaction(
        self, *, isolation_level: str | None = None, read_only: bool = False
    ) -> AbstractAsyncContextManager[MemoryUnitOfWork]:
        """Open a transaction: committed at the end, undone by an error; within an open transaction a savepoint."""
        return transaction(self, chosen(isolation_level, read_only))

    def separate_transaction(
        self, *, isolation_level: str | None = None, read_only: bool = False
    ) -> AbstractAsyncContextManager[MemoryUnitOfWork]:
        """Open an independent transaction: it is committed even if a transaction that is open here fails."""
        return separate_transaction(self, chosen(isolation_level, read_only), one_writes=False)

    async def upgrade(self) -> list[str]:
        """Do nothing: there are no tables."""
        return []

    async def create_all(self) -> None:
        """Do nothing: there are no tables."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Do nothing: there is nothing to close."""
