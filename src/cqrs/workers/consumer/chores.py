"""What a consumer does beside bringing in messages."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from cqrs.workers.consumer.steps import Outage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cqrs._logging.outages import OutageLog


class Chore:
    """Something to be done every so many seconds, at once again while there is more of it.

    If it cannot be done now, it is tried later, and holds up nothing else.
    """

    def __init__(self, do: Callable[[], Awaitable[bool]], every: float, outages: OutageLog) -> None:
        self.due = 0.0
        self._do = do
        self._every = every
        self._outages = outages

    async def see_to(self) -> None:
        """Do it if it is due."""
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
