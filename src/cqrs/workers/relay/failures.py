"""What a relay remembers of messages that have failed, and whether a fault counts against its message."""

from __future__ import annotations

import math
import time
from collections import Counter
from typing import TYPE_CHECKING, Generic

from cqrs.workers.relay.broker_state import DOUBT
from cqrs.workers.relay.fault_search import TryResult
from cqrs.workers.relay.messages import Fault, M
from cqrs.workers.relay.policy import Verdict
from cqrs.workers.relay.selection import first_of_each_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cqrs.workers.relay.policy import RelayPolicy

_MOST_REMEMBERED = 10_000


class FailureHistory(Generic[M]):
    """The failures of messages. ``suspects`` are the ids of those that have failed and are not known to be at fault.

    A fault counts after ``enough`` failures beside messages of the same topic that were sent, if it can be the topic
    that is away.
    """

    def __init__(self, policy: RelayPolicy, enough: int) -> None:
        self.suspects: set[object] = set()
        self._policy = policy
        self._enough = enough
        self._failing_since: dict[object, float] = {}
        self._failed_beside_sent: Counter[object] = Counter()
        self._topic_sent_at: dict[str, float] = {}
        self._last_failure = 0.0

    @property
    def has_failures(self) -> bool:
        """Whether a message has failed and not been sent since."""
        return bool(self._failing_since)

    def record(self, messages: Sequence[M], results: Sequence[TryResult]) -> None:
        """Remember since when messages fail, and when one of each topic was sent."""
        if len(self._failing_since) + len(self._topic_sent_at) > _MOST_REMEMBERED:
            self._forget()
        now = time.monotonic()
        for message, result in zip(messages, results, strict=True):
            if result is TryResult.DONE:
                self._topic_sent_at[message.envelope.topic] = now
                if self._failing_since:
                    self._failing_since.pop(message.id, None)
                    self._failed_beside_sent.pop(message.id, None)
                    self.suspects.discard(message.id)
            else:
                self._failing_since.setdefault(message.id, now)
                self._last_failure = now

    def faults(self, messages: Sequence[M], errors: Mapping[object, Exception]) -> list[Fault[M]]:
        """The faults of ``messages``. One does not count if its topic can be the reason.

        That is so if the error is one of connections, and no other message of the topic was sent since it failed
        first. When a topic comes back, its messages fail for a moment beside others that are sent: one failure proves
        nothing.
        """
        faults: list[Fault[M]] = []
        for message in messages:
            error = errors[message.id]
            may_be_topic = isinstance(error, OSError) and self._policy.classify(error) is Verdict.OUTAGE
            sent_at = self._topic_sent_at.get(message.envelope.topic, 0.0)
            if may_be_topic and sent_at >= self._failing_since.get(message.id, math.inf):
                self._failed_beside_sent[message.id] += 1
            counts = not may_be_topic or self._failed_beside_sent[message.id] >= self._enough
            faults.append(Fault(message, error, counts))
            self.suspects.discard(message.id)
        return faults

    def forget_old(self) -> None:
        """Forget everything when nothing has failed for so long that each message has been tried again since."""
        if self._failing_since and time.monotonic() > self._last_failure + DOUBT + self._policy.attempt_backoff.longest:
            self._forget()

    def _forget(self) -> None:
        self._failing_since.clear()
        self._failed_beside_sent.clear()
        self._topic_sent_at.clear()
        self.suspects.clear()


def is_one_error_for_all(messages: Sequence[M], results: Sequence[Exception | None]) -> bool:
    """Whether messages of different keys have the very same error object: it does not follow from one of them."""
    return all(error is results[0] for error in results) and len(first_of_each_key(messages)) > 1


def may_be_connection_loss(error: Exception) -> bool:
    """Whether the connection may have been lost: then later messages of the attempt may have been confirmed before."""
    return is_no_answer(error) or (isinstance(error, OSError) and getattr(error, "topic", None) is None)


def is_no_answer(error: Exception) -> bool:
    """Whether the broker has not answered in time."""
    return isinstance(error, TimeoutError) or isinstance(getattr(error, "reason", None), TimeoutError)
