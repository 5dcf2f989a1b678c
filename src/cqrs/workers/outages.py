"""How a worker logs an outage: once when it begins, now and then while it lasts, and when it is over."""

from __future__ import annotations

import datetime as dt
import logging
import time
from typing import TYPE_CHECKING

from cqrs.workers.log_text import told

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqrs.backoff import Backoff

logger = logging.getLogger("cqrs")


class Outages:
    """The outages of ``worker``, one after the other.

    Of the present one, ``tries`` counts the failed attempts, and ``away`` is what is away. ``waits`` says what the
    worker does meanwhile, ``goes_on`` what it does afterwards.
    """

    def __init__(
        self,
        worker: Callable[[], str],
        backoff: Backoff,
        remind_every: float,
        *,
        waits: str = "waits for",
        goes_on: str = "goes on",
    ) -> None:
        self.tries = 0
        self._worker = worker
        self._waits = waits
        self._goes_on = goes_on
        self._backoff = backoff
        self._remind_every = remind_every
        self._began = self._remind_at = 0.0
        self._since = self.away = ""

    def again(self, away: str, error: BaseException | None, first: str = "") -> float:
        """An attempt has failed by ``error``, because ``away`` is away; returns the seconds to the next one.

        ``first`` is the message that waits first in line.
        """
        now = time.monotonic()
        self.away = away
        first = first and f"; first in line is {first}"
        if not self.tries:
            self._since = dt.datetime.now(dt.UTC).isoformat(" ", "seconds")
            self._began, self._remind_at = now, now + self._remind_every
            logger.warning("%s %s %s: %s%s", self._worker(), self._waits, away, told(error), first)
        elif now >= self._remind_at:
            self._remind_at = now + self._remind_every
            text = "%s still %s %s, since %s (%.0f s, %d attempts): %s%s"
            spent = (self._since, now - self._began, self.tries + 1)
            logger.warning(text, self._worker(), self._waits, away, *spent, told(error), first)
        self.tries += 1
        return self._backoff.seconds(self.tries)

    def over(self) -> None:
        """What was away is there again."""
        if self.tries:
            text = "%s %s after %d failed attempts in %.1f s: %s is there again"
            spent = time.monotonic() - self._began
            logger.warning(text, self._worker(), self._goes_on, self.tries, spent, self.away)
        self.tries = 0
