"""Step 4, what gives transactions of one database: the port of a middleware."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from cqrs.unit_of_work.options import DEFAULT_OPTIONS

if TYPE_CHECKING:
    from cqrs.unit_of_work.options import TransactionOptions
    from cqrs.unit_of_work.protocol import UnitOfWork


class TransactionalDatabase(Protocol):
    """The transactions of one database."""

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
