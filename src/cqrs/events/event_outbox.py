"""Step 3, what the router of events needs of an outbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self


class EventOutbox(Protocol):
    """Where notifications wait, in the transaction of the business data, until they are sent."""

    def add(self, event: Any, /) -> None:
        """Store ``event`` with the open unit of work, or with the block of this outbox."""
        ...

    async def commit(self) -> None:
        """Make what was added last."""
        ...

    async def __aenter__(self) -> Self:
        """Open a transaction."""
        ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        """End it, and undo what was not committed."""
        ...
