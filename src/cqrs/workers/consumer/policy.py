"""What a consumer does about an error, as data."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
from typing import TYPE_CHECKING, Literal

from cqrs.backoff import Backoff
from cqrs.errors.deserializing import DeserializeJsonError
from cqrs.errors.events import EventUnhandled, UnknownEvent
from cqrs.errors.messages import InvalidEnvelope, UnknownCompression, UnreadableBody
from cqrs.workers.consumer.errors import is_outage
from cqrs.workers.policy_checks import above_zero, at_least, of_type, one_of, spans

if TYPE_CHECKING:
    from collections.abc import Callable


class ConsumerVerdict(enum.Enum):
    """What an error of a handler says."""

    OUTAGE = "outage"
    """Nothing about the message: everything waits, and nothing counts as a try."""
    FAILURE = "failure"
    """That this message may be at fault: it is tried a few times more, and then parked."""
    POISON = "poison"
    """That trying now does not help: it is parked at once."""
    SKIP = "skip"
    """That it is to be forgotten: what its handler wrote is undone, and it counts as handled."""


def verdict(error: Exception) -> ConsumerVerdict:
    """The usual judgement: an outage, if the error tells of one; poison, if no handler was reached; else a failure."""
    if is_outage(error):
        return ConsumerVerdict.OUTAGE
    unread = (UnknownEvent, EventUnhandled, DeserializeJsonError, InvalidEnvelope, UnknownCompression, UnreadableBody)
    return ConsumerVerdict.POISON if isinstance(error, unread) else ConsumerVerdict.FAILURE


_AGAIN = Backoff(first=0.02, longest=1.0)
_RETRY = Backoff(first=5.0, longest=3600.0)
_OUTAGE = Backoff(first=0.05, longest=2.0)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ConsumerPolicy:
    """How a consumer works. Times are in seconds, unless they are a ``timedelta``.

    ``batch_size``: how many messages it takes into one transaction at most. ``wait``: how long it waits for messages
    before it sees to other work, and so how long ``stop`` takes at most while there are none. ``tries``: how often a
    message is tried, ``again`` apart, before it is parked; ``retries``: how often it is tried after that, ``retry``
    apart, before it waits for an operator. ``outage``: how often to try while something is away, and ``remind_every``
    how often to log that it still is; ``wait_at_start`` lets ``run`` begin with that, where it else raises
    ``WorkerCannotStart``. ``on_unknown``: whether messages that have no registered type, or no handler, are parked or
    skipped. ``retention``: how long marks are kept, for ever if it is ``None``. ``replay_every`` and ``clean_every``:
    how often to look for parked messages that are due, and for old marks.
    """

    batch_size: int = 500
    wait: float = 0.5
    tries: int = 3
    again: Backoff = _AGAIN
    retries: int = 10
    retry: Backoff = _RETRY
    outage: Backoff = _OUTAGE
    remind_every: float = 60.0
    wait_at_start: bool = False
    on_unknown: Literal["park", "skip"] = "park"
    retention: dt.timedelta | None = dt.timedelta(days=14)
    replay_every: float = 1.0
    clean_every: float = 60.0
    classify: Callable[[Exception], ConsumerVerdict] = verdict

    def __post_init__(self) -> None:
        """Raise ``InvalidArgument`` for what no consumer could work with."""
        at_least(self, 1, "batch_size", "tries")
        above_zero(self, "remind_every")
        at_least(self, 0, "wait", "retries", "replay_every", "clean_every")
        of_type(self, Backoff, "again", "retry", "outage")
        spans(self, "retention")
        one_of(self, ("park", "skip"), "on_unknown")

    def retry_in(self, attempts: int) -> float | None:
        """When to try a parked message again that has failed so often, or ``None`` if that is up to an operator."""
        return self.retry.seconds(attempts) if attempts <= self.retries else None
