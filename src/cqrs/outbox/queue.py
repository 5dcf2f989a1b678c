"""The port through which a relay reads an outbox and records what it has sent.

<<<<<<< HEAD
The rows of an outbox are divided into partitions by their keys. Only the relay that
holds the lease of a partition sends its rows, so the messages of a key are sent in order, with any number of relays.
=======
The rows of an outbox are divided into partitions by their keys. Only the relay that holds the lease of a
partition works on its rows, so the messages of a key leave in their order, however many relays there are.
>>>>>>> bb0657f (Name what records and returns by that, in the outbox and the kit for databases)

The outcome of a message is in three columns. ``pending`` is 1 while it is to be sent, 0 while it is set aside, and
NULL at the end. A row whose ``lease_until`` has not come is not sent now. A row of the same key after one that is not
sent now is *blocked*: it is set aside as soon as it is met, so that a million of them cost the others nothing, and
released when the row before them has been sent, replayed or dropped.
"""

from __future__ import annotations

import abc
import dataclasses
import datetime as dt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cqrs.envelope import Envelope
    from cqrs.leases.protocol import LeaseStore

FOREVER = dt.datetime(9999, 12, 31, tzinfo=dt.UTC)
"""Until when a message is held that only an operator, or the message before it, can free."""


@dataclasses.dataclass(frozen=True, slots=True)
class QueuedMessage:
    """A message that is to be sent. Its body is as it is stored, compressed by ``compression``.

    ``attempts`` counts how often it was rejected. ``scheduled``: it had to wait for its time, and keeps no order.
    ``blocked``: an earlier message of its key is not sent now, so this one must not be either. ``was_held``: it was not
    to be sent for a time, so that later messages of its key may be set aside.
    """

    id: int
    partition: int
    envelope: Envelope
    compression: str | None = None
    attempts: int = 0
    scheduled: bool = False
    blocked: bool = False
    was_held: bool = False

    @property
    def may_block(self) -> bool:
        """Whether messages may be set aside behind it, to be released when it has been sent."""
        return (self.was_held or self.attempts > 0) and not self.scheduled


@dataclasses.dataclass(frozen=True, slots=True)
class Failure:
    """A message that was rejected. After ``retry_in`` seconds it is tried again; with ``None`` it is parked."""

    message: QueuedMessage
    error: str
    retry_in: float | None


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """What became of some messages of one relay."""

    sent: Sequence[QueuedMessage] = ()
    failed: Sequence[Failure] = ()
    blocked: Sequence[QueuedMessage] = ()

    def __bool__(self) -> bool:
        return bool(self.sent or self.failed or self.blocked)


class OutboxQueue(abc.ABC):
    """What is to be sent, for relays. Safe to use from several tasks; no transaction is open between two calls."""

    @property
    @abc.abstractmethod
    def leases(self) -> LeaseStore:
        """Where the partitions are shared out, under :attr:`scope`."""

    scope: str
    """The name of this outbox among others with the same leases."""

    @abc.abstractmethod
    async def take(self, partitions: Sequence[int], limit: int) -> Sequence[QueuedMessage]:
        """At most ``limit`` messages that can be sent now, or that are blocked; of the first partitions first.

        In each partition: up to a half that had to wait, then the others in the order of adding. Marks nothing:
        another call returns them again until they are settled.
        """

    @abc.abstractmethod
    async def settle(self, fences: Mapping[int, int], outcome: Outcome) -> int:
        """Record ``outcome``, all of it or nothing; returns the number of messages.

        Leaves out messages of a partition whose fence is not the one in ``fences``: another relay works on
        them now. Blocked messages are set aside unless they are blocked no more. When a message has been sent after
        it had failed or was held, those that were set aside behind it are released.
        """

    @abc.abstractmethod
    async def release(self) -> int:
        """Release blocked messages whose blocker is gone, as after a crash; returns how many, at most thousands."""

    @abc.abstractmethod
    async def clean(self, older_than: dt.timedelta, limit: int = 5_000) -> int:
        """Delete at most ``limit`` messages that ended longer ago than that; returns how many.

        Never touches one that is still to be sent, or parked.
        """

    @abc.abstractmethod
    async def oldest(self) -> dt.timedelta | None:
        """For how long the message has waited that could be sent now and was added first. ``None`` without one."""


__all__ = ["FOREVER", "Failure", "OutboxQueue", "Outcome", "QueuedMessage"]
