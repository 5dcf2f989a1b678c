"""Step 4, an outbox without a table: messages stand in the log of the database, where a relay reads them; its ports.

A log knows which transactions were committed, in which order, and what was written in them.
"""

from __future__ import annotations

import abc
import dataclasses
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from cqrs.outbox.rows import NewRow

LOG_TABLE = "cqrs_log_positions"
"""The table of the positions up to which the messages of each log are certainly settled."""


class LogPosition(NamedTuple):
    """The commit of the transaction of a message, and its place within the transaction, counted from 1."""

    transaction: int
    message: int


@dataclasses.dataclass(frozen=True, slots=True)
class LoggedMessage:
    """What was written to the log."""

    position: LogPosition
    content: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class LogBatch:
    """The next messages; when all of them are settled, ``end`` may be confirmed."""

    messages: Sequence[LoggedMessage] = ()
    end: int | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Diverted:
    """A message that goes into the table instead: because of ``error``, or without one, behind another of its key."""

    row: NewRow
    error: str | None = None


class OutboxLog(abc.ABC):
    """The log, for its one reader. Not safe for two tasks at once."""

    name: str
    """Under which the database remembers how far the log was read."""

    @abc.abstractmethod
    async def open(self) -> None:
        """Become the reader, from the last confirmed end on.

        Raises ``LogBusy`` while there is another reader, and ``LogSlotLost`` if the database has forgotten where
        reading ended; whatever else it raises is an outage.
        """

    @abc.abstractmethod
    async def read(self, limit: int, patience: float) -> LogBatch:
        """The next messages, about ``limit`` at most; none after ``patience`` seconds without any.

        In the order of the commits, and within a transaction in the order of adding. Cancelling this loses nothing.
        """

    @abc.abstractmethod
    def confirm(self, end: int) -> None:
        """Never again deliver what is before ``end``."""

    @abc.abstractmethod
    def close(self) -> None:
        """Stop being the reader, so that another one can be. Safe to call again, and before :meth:`open`."""

    @abc.abstractmethod
    async def lag(self) -> int:
        """How many bytes of the log were not confirmed yet. The database may have to keep more than that."""


class Diversion(abc.ABC):
    """Where the table takes over what the log cannot hold back."""

    @abc.abstractmethod
    async def settled(self, log: str) -> LogPosition:
        """Up to where messages of ``log`` were sent or diverted for certain; there may be more."""

    @abc.abstractmethod
    async def blocked(self, keys: Collection[str] | None = None) -> set[str]:
        """Which of ``keys``, or of all, have messages in the table that are not sent."""

    @abc.abstractmethod
    async def divert(self, log: str, seen: LogPosition, until: LogPosition, messages: Sequence[Diverted]) -> bool:
        """Put ``messages`` into the table and note that all is settled ``until`` there, in one transaction.

        Does nothing, and returns ``False``, if another relay has noted a position since ``seen``. Done already with the
        same ``until``, it returns ``True`` and does nothing.
        """
