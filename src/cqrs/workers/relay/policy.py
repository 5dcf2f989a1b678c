"""How a relay works and what it does about an error, as data."""

from __future__ import annotations

import dataclasses
import enum
from typing import TYPE_CHECKING

from cqrs._arguments import Needed
from cqrs._renamed import renamed_fields
from cqrs.backoff import Backoff
from cqrs.errors.messages import InvalidEnvelope, MessageRejected, UnknownCompression
from cqrs.workers.policy_checks import above_zero, at_least, of_type, spans

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable


class Verdict(enum.Enum):
    """What an error of a broker means for the message."""

    OUTAGE = "outage"
    """Nothing is wrong with the message: the relay waits, and this does not count as an attempt."""
    POISON = "poison"
    """The broker will not accept this message: it is sent again ``attempts`` times, and then parked."""


def verdict(error: Exception) -> Verdict:
    """The default ``classify``: an error about the message itself is poison, every other error an outage.

    An unknown error stops the relay until an operator looks at it, which loses nothing. Taking it for poison would
    park every message that is sent during an outage.
    """
    about_the_message = (MessageRejected, InvalidEnvelope, UnknownCompression, ValueError, TypeError)
    return Verdict.POISON if isinstance(error, about_the_message) else Verdict.OUTAGE


_ATTEMPT = Backoff(first=0.5, longest=60.0)
_IDLE = Backoff(first=0.01, longest=1.0)
_OUTAGE = Backoff(first=0.05, longest=1.0)


@renamed_fields(
    retry="attempt_backoff",
    idle="idle_backoff",
    deaf="poll_when_unwoken",
    outage="outage_backoff",
    keep="keep_sent_for",
    housekeeping="cleanup_every",
)
@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RelayPolicy:
    """How a relay works. Times are in seconds, unless they are a ``timedelta``.

    * ``batch_size``: how many messages are sent as one pipeline, and recorded by one statement, at most. A slow broker
      gets as many as it accepts within a quarter of the lease.
    * ``lease``: after how long other relays take over from one that died, and how long a database may take to answer.
    * ``attempts``: how often a message that the broker rejects is sent before it is parked, with pauses of
      ``attempt_backoff`` between.
    * ``idle_backoff``: how often to look for messages while there are none and no wake-up arrives.
    * ``poll_when_unwoken``: the longest such pause while wake-ups are known not to arrive.
    * ``outage_backoff``: how often to try while the broker or the database is away; ``remind_every``: how often to log
      that it still is.
    * ``wait_at_start``: if true, ``run`` waits for a broker or database that is away at the start; otherwise it raises
      ``WorkerCannotStart``.
    * ``keep_sent_for``: how long sent messages are kept, if the outbox keeps them; ``None`` means for ever.
    * ``cleanup_every``: how often to remove sent messages older than that, and to release messages whose blocker is
      gone.
    * ``classify``: decides what kind of error a broker raised.
    """

    batch_size: int = 1_000
    lease: float = 30.0
    attempts: int = 5
    attempt_backoff: Backoff = _ATTEMPT
    idle_backoff: Backoff = _IDLE
    poll_when_unwoken: float = 0.2
    outage_backoff: Backoff = _OUTAGE
    remind_every: float = 60.0
    wait_at_start: bool = False
    keep_sent_for: dt.timedelta | None = None
    cleanup_every: float = 30.0
    classify: Callable[[Exception], Verdict] = verdict

    def __post_init__(self) -> None:
        """Raise ``InvalidArgument`` for what no relay could work with."""
        at_least(self, 1, "batch_size", "attempts")
        above_zero(self, "lease", "remind_every")
        at_least(self, 0, "poll_when_unwoken", "cleanup_every")
        of_type(self, Backoff, "attempt_backoff", "idle_backoff", "outage_backoff")
        spans(self, "keep_sent_for")

    def retry_in(self, attempts: int) -> float | None:
        """In how many seconds to send a message again that was rejected ``attempts`` times; ``None`` to park it."""
        return None if attempts >= self.attempts else self.attempt_backoff.seconds(attempts)


RELAY_POLICY = Needed("a cqrs.RelayPolicy(...)", kind=RelayPolicy)
