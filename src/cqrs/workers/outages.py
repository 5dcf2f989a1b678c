"""How a worker tells of an outage: once when it begins, now and then while it lasts, and when it is over."""

from __future__ import annotations

import datetime as dt
import logging
import time
from typing import TYPE_CHECKING

from cqrs.workers.advice import told

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqrs.backoff import Backoff

logger = logging.getLogger("cqrs")


class Outages:
    """The outages of ``who``, one after the other: ``tries`` counts those of the present one."""

    def __init__(self, who: Callable[[], str], waits: str, backoff: Backoff, remind_every: float) -> None:
        self.tries = 0
        self._who = who
        self._waits = waits
        self._backoff = backoff
        self._remind_every = remind_every
        self._began = self._remind_at = 0.0
        self._since = ""

    def again(self, error: BaseException | None, first: str = "", *, where: str = "") -> float:
        """A try has failed by ``error``, of what is at ``where``; returns the seconds to the next one.

        ``first`` is what waits first in line.
        """
        now = time.monotonic()
        reason = told(error, where)
        first = first and f"; first in line is {first}"
        if not self.tries:
            self._since = dt.datetime.now(dt.UTC).isoformat(" ", "seconds")
            self._began, self._remind_at = now, now + self._remind_every
            logger.warning("%s %s: %s%s", self._who(), self._waits, reason, first)
        elif now >= self._remind_at:
            self._remind_at = now + self._remind_every
            text = "%s still %s, since %s (%.0f s, %d attempts): %s%s"
            spent = (self._since, now - self._began, self.tries + 1)
            logger.warning(text, self._who(), self._waits, *spent, reason, first)
        self.tries += 1
        return self._backoff.seconds(self.tries)

    def over(self) -> None:
        """What was away is there again."""
        if self.tries:
            spent = time.monotonic() - self._began
            logger.warning("%s goes on after %d failed attempts in %.1f s", self._who(), self.tries, spent)
        self.tries = 0
