"""How an outage is logged: once when it begins, now and then while it lasts, and once when it is over."""

from __future__ import annotations

import datetime as dt
import logging
import math
import time
from typing import TYPE_CHECKING

from cqrs._logging.texts import describe_error
from cqrs.backoff import Backoff

if TYPE_CHECKING:
    from collections.abc import Callable

_LOGGER = logging.getLogger("cqrs")
_BACKOFF = Backoff()


class OutageLog:
    """Logs the outages of something that is tried again and again, one outage after the other.

    The first failed attempt is logged as "``subject`` ``fails``: the error", at ``level``; later ones only every
    ``remind_every`` seconds, by default never; the attempt that succeeds as "``subject`` ``recovers`` after n failed
    attempts". ``attempts`` counts the failed attempts of the present outage, ``missing`` is what it was caused by.
    """

    def __init__(  # noqa: PLR0913  # the texts
        self,
        subject: str | Callable[[], str],
        *,
        fails: str,
        recovers: str,
        backoff: Backoff = _BACKOFF,
        remind_every: float = math.inf,
        logger: logging.Logger = _LOGGER,
        level: int = logging.WARNING,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.attempts = 0
        self.missing = ""
        self._subject = subject
        self._fails = fails
        self._recovers = recovers
        self._backoff = backoff
        self._remind_every = remind_every
        self._logger = logger
        self._level = level
        self._clock = clock
        self._began = self._remind_at = 0.0
        self._began_at = ""

    def failed(
        self, error: BaseException | str | None, missing: str = "", *, fails: str = "", detail: str = ""
    ) -> float:
        """Count an attempt that failed with ``error``, and log it if it is due; returns the seconds to the next one.

        ``missing`` is what cannot be used, ``detail`` is put at the end of the line. ``fails`` takes the place of the
        usual text for an error that is no outage.
        """
        now = self._clock()
        self.missing = missing
        what = fails or (f"{self._fails} {missing}" if missing else self._fails)
        if not self.attempts:
            self._began_at = dt.datetime.now(dt.UTC).isoformat(" ", "seconds")
            self._began, self._remind_at = now, now + self._remind_every
            self._logger.log(self._level, "%s %s: %s%s", self._name(), what, describe_error(error), detail)
        elif now >= self._remind_at:
            self._remind_at = now + self._remind_every
            text = "%s still %s, since %s (%.0f s, %d attempts): %s%s"
            so_far = (self._began_at, now - self._began, self.attempts + 1)
            self._logger.log(self._level, text, self._name(), what, *so_far, describe_error(error), detail)
        self.attempts += 1
        return self._backoff.seconds(self.attempts)

    def over(self, *, detail: str = "") -> None:
        """Log that the present outage is over, if there is one."""
        if not self.attempts:
            return
        there = f": {self.missing} is there again" if self.missing else ""
        text = "%s %s after %d failed %s in %.1f s%s%s"
        attempts = "attempt" if self.attempts == 1 else "attempts"
        seconds = self._clock() - self._began
        self._logger.warning(text, self._name(), self._recovers, self.attempts, attempts, seconds, there, detail)
        self.attempts = 0

    def _name(self) -> str:
        return self._subject if isinstance(self._subject, str) else self._subject()
