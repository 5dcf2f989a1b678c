"""Step 3: the port through which the router of events uses an outbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self


class EventOutbox(Protocol):
    """Stores notifications, in the transaction of the business data, until they are sent."""

    def add(self, event: Any, /) -> None:
        """Store ``event`` with the commit of the open unit of work, or of the block of this outbox."""
        ...

    async def commit(self) -> None:
        """Commit what was added in the block of this outbox."""
        ...

    async def __aenter__(self) -> Self:
        """Open a transaction."""
        ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        """End the transaction, and undo what was not committed."""
        ...
