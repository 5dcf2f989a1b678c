"""Step 6, what remembers which messages have taken effect, and keeps those that could not: the port."""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from cqrs.envelope import Envelope
    from cqrs.inbox.parked import ParkedMessages, TakenSequence


class InboxRepository(abc.ABC):
    """An inbox: each message takes effect once for each ``consumer``, a name that its workers share.

    Everything but :meth:`clean` and :attr:`parked` is part of the open unit of work, and raises
    ``UnitOfWorkStateError`` where there is none: a mark that is not in the transaction of the effect is worth nothing.
    Safe to share between tasks, processes and machines; per-key order holds if messages of one key are brought in one
    after the other.

    *Conflicts.* Where two transactions bring in the same message, one waits for the other or fails, at the latest when
    it is committed: with ``InboxConflict``, or with the error of the database about locks or isolation. Nothing has
    then taken effect, and it is to be done again from the beginning.

    *How long.* A message is recognised as a duplicate until :meth:`clean` has removed its mark. Keep marks for longer
    than the broker can deliver again.
    """

    @abc.abstractmethod
    async def accept(self, consumer: str, envelopes: Sequence[Envelope]) -> list[Envelope]:
        """Mark ``envelopes``, and return in their order those that are to take effect now.

        Left out are messages that were marked before, a message's second copy among ``envelopes``, and those whose key
        is parked: these are parked behind it by this call. The number of statements does not depend on the number of
        messages, as long as no key among them is parked.
        """

    @abc.abstractmethod
    async def park(self, consumer: str, envelope: Envelope, error: BaseException, retry_in: float | None) -> None:
        """Mark ``envelope`` and keep it whole, to be tried again in so many seconds, or when an operator replays it.

        Later messages of its key wait behind it. Does nothing if it was marked before; if its key is parked, it gets
        in line.
        """

    @abc.abstractmethod
    async def take(self, consumer: str, limit: int = 100) -> TakenSequence | None:
        """A parked sequence whose first message is due, with at most ``limit`` messages; no other worker has it.

        It stays parked, and locked, until the unit of work ends: :meth:`settle` what was handled.
        """

    @abc.abstractmethod
    async def settle(self, taken: TakenSequence, count: int) -> None:
        """The first ``count`` messages of what was taken have taken effect; the next one is due now."""

    @abc.abstractmethod
    async def postpone(self, taken: TakenSequence, error: BaseException, retry_in: float | None) -> None:
        """The first message of what was taken has failed again: try it in so many seconds, or wait for an operator.

        To be called in a new unit of work, after the one that took it was rolled back. Does nothing if another consumer
        has tried it, replayed it or dropped it in the meantime.
        """

    @abc.abstractmethod
    async def clean(self, consumer: str, older_than: dt.timedelta, limit: int = 1000) -> int:
        """Remove at most ``limit`` marks that are older, by the clock of the database, in a transaction of its own.

        Marks of parked messages stay. Returns how many were removed: as many as ``limit`` mean that there may be more.
        """

    @property
    def place(self) -> Any:
        """Which units of work it becomes part of: those over the same place, or any if it is ``None``."""
        return None

    @property
    @abc.abstractmethod
    def parked(self) -> ParkedMessages:
        """The messages that could not be handled, to be looked at, replayed or dropped."""
