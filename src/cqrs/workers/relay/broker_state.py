"""Whether a broker accepts messages, as a relay knows it, and every way from one state to the next.

              UNEXPLAINED_FAILURE                 NOTHING_SENT
    WORKING ──────────────────────► DOUBTFUL ──────────────────────► AWAY ◄─┐
       ▲                             │    ▲                          │  │   │ PROBE_FAILED
       └─────────────────────────────┘    └──────────────────────────┘  └───┘
          60 s without such a failure             PROBE_ENDED

Working: a batch is sent as a whole, and may take all the time that the lease leaves; when it fails without an
explanation, it is not split. Doubtful: a batch that fails is split at once until those messages are found that fail
among others that are sent, and each attempt has to end soon. Away: only a few messages are sent, now and then, as a
probe of whether the broker is back.

A message is at fault only if others are sent around it: while nothing can be sent, no message is blamed.
"""

from __future__ import annotations

import enum
import time
from dataclasses import dataclass

PROBE_SIZE = 10
"""How many messages a probe sends at first."""

DOUBT = 60.0  # seconds


class BrokerState(enum.Enum):
    """How messages are sent now."""

    WORKING = "working"
    DOUBTFUL = "doubtful"
    AWAY = "away"


@dataclass(slots=True)
class BrokerHealth:
    """The state of one broker. ``failed_probes`` counts those in a row.

    ``probe_sent``: a probe has just been sent to its end, so a failure right after it is the fault of a message.
    """

    failed_probes: int = 0
    probe_sent: bool = False
    _is_away: bool = False
    _doubtful_until: float = 0.0

    @property
    def state(self) -> BrokerState:
        """The present state."""
        if self._is_away:
            return BrokerState.AWAY
        return BrokerState.DOUBTFUL if time.monotonic() < self._doubtful_until else BrokerState.WORKING

    def batch_limit(self, most: int) -> int:
        """How many messages to take next, at most ``most``: while the broker is away, twice as many after each probe.

        Otherwise the messages that a probe can choose from might all be the ones that fail.
        """
        return min(most, PROBE_SIZE << min(self.failed_probes, 16)) if self._is_away else most

    def unexplained_failure(self) -> None:
        """Messages have failed, and it is not known whether they or the broker are at fault."""
        self._doubtful_until = time.monotonic() + DOUBT

    def nothing_sent(self) -> None:
        """The last attempt of a batch has failed, and nothing explains it."""
        self._is_away = True

    def probe_failed(self) -> None:
        """No message of a probe was sent."""
        self.failed_probes += 1

    def probe_ended(self) -> None:
        """A message of a probe was sent, or was rejected by a broker that is there, or there is nothing to send."""
        self.failed_probes, self._is_away = 0, False

    def take_probe_sent(self) -> bool:
        """Whether a probe has just been sent; false when it is called again."""
        sent, self.probe_sent = self.probe_sent, False
        return sent
