"""What a consumer does beside bringing in messages."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from cqrs.workers.advice import told
from cqrs.workers.consumer_steps import Outage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cqrs.backoff import Backoff

logger = logging.getLogger("cqrs")


class Chore:
    """Something to be done every so many seconds, at once again while there is more of it.

    If it cannot be done now, it is tried later, and holds up nothing else.
    """

    def __init__(self, name: str, do: Callable[[], Awaitable[bool]], every: float, outage: Backoff) -> None:
        self.due = 0.0
        self._name = name
        self._do = do
        self._every = every
        self._outage = outage
        self._failures = 0

    async def see_to(self) -> None:
        """Do it if it is due."""
        now = asyncio.get_running_loop().time()
        if now < self.due:
            return
        try:
            more = await self._do()
        except Outage as outage:
            self._failures += 1
            level = logging.WARNING if self._failures == 1 else logging.DEBUG
            logger.log(level, "%s is tried again later, something is away: %s", self._name, told(outage.__cause__))
            self.due = now + self._outage.seconds(self._failures)
        else:
            if self._failures:
                logger.warning("%s goes on after %d failed attempts", self._name, self._failures)
            self._failures = 0
            self.due = now if more else now + self._every
