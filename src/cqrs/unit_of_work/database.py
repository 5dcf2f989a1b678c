"""Step 4: the port through which the transaction middleware uses a database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from cqrs.unit_of_work.options import DEFAULT_OPTIONS

if TYPE_CHECKING:
    from cqrs.unit_of_work.options import TransactionOptions
    from cqrs.unit_of_work.protocol import UnitOfWork


class TransactionalDatabase(Protocol):
    """Makes the units of work of one database."""

    @property
    def session(self) -> Any:
        """A proxy that leads, at each use, to the session of the open transaction."""
        ...

    @property
    def place(self) -> Any:
        """Identifies the database: units of work with an equal place are transactions of the same database."""
        ...

    @property
    def name(self) -> str:
        """The name of the database in error texts."""
        ...

    def unit_of_work(self, options: TransactionOptions = DEFAULT_OPTIONS, /) -> UnitOfWork:
        """Return a new unit of work that is not open yet."""
        ...
