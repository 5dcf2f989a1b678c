"""Work of a consumer besides its messages: replaying parked ones, and removing old marks."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from cqrs.workers.consumer.steps import Outage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cqrs._logging.outages import OutageLog


class Chore:
    """Work to be done every ``every`` seconds, and at once again while ``do`` returns that there is more.

    During an outage it is tried again later, without delaying other work.
    """

    def __init__(self, do: Callable[[], Awaitable[bool]], every: float, outages: OutageLog) -> None:
        self.due = 0.0
        self._do = do
        self._every = every
        self._outages = outages

    async def do_if_due(self) -> None:
        """Do it if it is due; log an outage."""
        now = asyncio.get_running_loop().time()
        if now < self.due:
            return
        try:
            more = await self._do()
        except Outage as outage:
            self.due = now + self._outages.failed(outage.__cause__, outage.missing)
        else:
            self._outages.over()
            self.due = now if more else now + self._every
