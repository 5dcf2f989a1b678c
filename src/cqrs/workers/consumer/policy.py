"""How a consumer works and what it does about an error, as data."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
from typing import TYPE_CHECKING, Literal

from cqrs._renamed import renamed_fields
from cqrs.backoff import Backoff
from cqrs.errors.deserializing import DeserializeJsonError
from cqrs.errors.events import EventUnhandled, UnknownEvent
from cqrs.errors.messages import InvalidEnvelope, UnknownCompression, UnreadableBody
from cqrs.workers.outage_errors import is_outage
from cqrs.workers.policy_checks import above_zero, at_least, of_type, one_of, spans

if TYPE_CHECKING:
    from collections.abc import Callable


class ConsumerVerdict(enum.Enum):
    """What an error of a handler means for its message."""

    OUTAGE = "outage"
    """Nothing is wrong with the message: the consumer waits, and this does not count as an attempt."""
    FAILURE = "failure"
    """The message may be at fault: it is handled a few more times, and then parked."""
    POISON = "poison"
    """Another attempt would not help now: the message is parked at once."""
    SKIP = "skip"
    """The message is dropped: what its handler wrote is rolled back, and it counts as handled."""


def verdict(error: Exception) -> ConsumerVerdict:
    """The default ``classify``: an outage if it is one, poison if no handler was reached, otherwise a failure."""
    if is_outage(error):
        return ConsumerVerdict.OUTAGE
    unread = (UnknownEvent, EventUnhandled, DeserializeJsonError, InvalidEnvelope, UnknownCompression, UnreadableBody)
    return ConsumerVerdict.POISON if isinstance(error, unread) else ConsumerVerdict.FAILURE


_ATTEMPT = Backoff(first=0.02, longest=1.0)
_PARKED = Backoff(first=5.0, longest=3600.0)
_OUTAGE = Backoff(first=0.05, longest=2.0)


@renamed_fields(
    wait="receive_timeout",
    tries="attempts_in_batch",
    again="attempt_backoff",
    retries="parked_retries",
    retry="parked_backoff",
    outage="outage_backoff",
    clean_every="cleanup_every",
)
@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ConsumerPolicy:
    """How a consumer works. Times are in seconds, unless they are a ``timedelta``.

    * ``batch_size``: how many messages it handles in one transaction at most.
    * ``receive_timeout``: how long it waits for messages before it does other work, and so how long ``stop`` takes at
      most while no message arrives.
    * ``attempts_in_batch``: how often a failing message is handled before it is parked, with pauses of
      ``attempt_backoff`` between.
    * ``parked_retries``: how often a parked message is retried, with pauses of ``parked_backoff`` between. After that
      it waits for an operator.
    * ``outage_backoff``: how often to try while the broker or the database is away; ``remind_every``: how often to log
      that it still is.
    * ``wait_at_start``: if true, ``run`` waits for a broker or database that is away at the start; otherwise it raises
      ``WorkerCannotStart``.
    * ``on_unknown``: whether messages without a registered type, or without a handler, are parked or skipped.
    * ``retention``: how long marks are kept; ``None`` means for ever.
    * ``replay_every``: how often to look for parked messages that are due; ``cleanup_every``: how often to remove marks
      older than ``retention``.
    * ``classify``: decides what kind of error a handler raised.
    """

    batch_size: int = 500
    receive_timeout: float = 0.5
    attempts_in_batch: int = 3
    attempt_backoff: Backoff = _ATTEMPT
    parked_retries: int = 10
    parked_backoff: Backoff = _PARKED
    outage_backoff: Backoff = _OUTAGE
    remind_every: float = 60.0
    wait_at_start: bool = False
    on_unknown: Literal["park", "skip"] = "park"
    retention: dt.timedelta | None = dt.timedelta(days=14)
    replay_every: float = 1.0
    cleanup_every: float = 60.0
    classify: Callable[[Exception], ConsumerVerdict] = verdict

    def __post_init__(self) -> None:
        """Raise ``InvalidArgument`` for what no consumer could work with."""
        at_least(self, 1, "batch_size", "attempts_in_batch")
        above_zero(self, "remind_every")
        at_least(self, 0, "receive_timeout", "parked_retries", "replay_every", "cleanup_every")
        of_type(self, Backoff, "attempt_backoff", "parked_backoff", "outage_backoff")
        spans(self, "retention")
        one_of(self, ("park", "skip"), "on_unknown")

    def retry_in(self, attempts: int) -> float | None:
        """In how many seconds to retry a message that has failed ``attempts`` times since it was parked.

        ``None`` means never: it then waits for an operator.
        """
        return self.parked_backoff.seconds(attempts) if attempts <= self.parked_retries else None
