"""What a relay does about an error, as data."""

from __future__ import annotations

import dataclasses
import enum
from typing import TYPE_CHECKING

from cqrs._arguments import Needed
from cqrs.backoff import Backoff
from cqrs.errors.messages import InvalidEnvelope, MessageRejected, UnknownCompression
from cqrs.workers.policy_checks import above_zero, at_least, of_type, spans

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable


class Verdict(enum.Enum):
    """What an error of a broker says."""

    OUTAGE = "outage"
    """Nothing about the message: everything waits, and nothing counts as an attempt."""
    POISON = "poison"
    """That this message will not be taken: it is tried again so often, and then parked."""


def verdict(error: Exception) -> Verdict:
    """The usual judgement: what is wrong with the message itself is poison, everything else an outage.

    An error that nobody knows holds the relay up until somebody looks, which loses nothing; a wrong judgement the
    other way would park whatever is sent during an outage.
    """
    about_the_message = (MessageRejected, InvalidEnvelope, UnknownCompression, ValueError, TypeError)
    return Verdict.POISON if isinstance(error, about_the_message) else Verdict.OUTAGE


_RETRY = Backoff(first=0.5, longest=60.0)
_IDLE = Backoff(first=0.01, longest=1.0)
_OUTAGE = Backoff(first=0.05, longest=1.0)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RelayPolicy:
    """How a relay works. Times are in seconds, unless they are a ``timedelta``.

    ``batch_size``: how many messages at most are sent as one pipeline, and settled by one statement; a broker that is
    slow gets as many as it takes within a quarter of the lease. ``lease``: after how long others take over from a relay
    that died, and how long a database may take to answer. ``attempts``: how often a message is tried that the broker
    rejects, with the waits of ``retry``; then it is parked. ``idle``: how often to look for messages when there are
    none and nobody tells; ``deaf`` is the longest such wait while wake-ups are known not to arrive. ``outage``: how
    often to try while the broker, or the database, is away, and ``remind_every`` how often to log that it still is;
    ``wait_at_start`` lets ``run`` begin with that, where it else raises ``WorkerCannotStart``.
    ``keep``: for how long messages that were sent are kept if
    the outbox keeps them, for ever by default. ``housekeeping``: how often that is seen to.
    """

    batch_size: int = 1_000
    lease: float = 30.0
    attempts: int = 5
    retry: Backoff = _RETRY
    idle: Backoff = _IDLE
    deaf: float = 0.2
    outage: Backoff = _OUTAGE
    remind_every: float = 60.0
    wait_at_start: bool = False
    keep: dt.timedelta | None = None
    housekeeping: float = 30.0
    classify: Callable[[Exception], Verdict] = verdict

    def __post_init__(self) -> None:
        """Raise ``InvalidArgument`` for what no relay could work with."""
        at_least(self, 1, "batch_size", "attempts")
        above_zero(self, "lease", "remind_every")
        at_least(self, 0, "deaf", "housekeeping")
        of_type(self, Backoff, "retry", "idle", "outage")
        spans(self, "keep")

    def retry_in(self, attempts: int) -> float | None:
        """When to try a message again that was rejected so often, or ``None`` if it is to be parked."""
        return None if attempts >= self.attempts else self.retry.seconds(attempts)


RELAY_POLICY = Needed("a cqrs.RelayPolicy(...)", kind=RelayPolicy)
