"""Step 6, whether a cluster that has nothing to say is still there."""

from __future__ import annotations

import asyncio
from typing import Any

from cqrs._running import outside_turns

_QUIET = 5.0  # seconds without a word after which the cluster is asked
_AGAIN = 0.2  # seconds between two attempts


class Pulse:
    """Asks a silent cluster for a sign of life, since the driver waits out every outage without a word.

    ``client`` is the driver's. What does not answer within ``timeout`` seconds is away; a shorter outage is not
    noticed. Use it from one task.
    """

    def __init__(self, client: Any, timeout: float) -> None:
        self._client = client
        self._timeout = timeout
        self._heard_at = asyncio.get_running_loop().time()
        self._asked_at = 0.0
        self._asking: asyncio.Task[None] | None = None

    def heard(self) -> None:
        """The cluster has answered just now."""
        self._heard_at = asyncio.get_running_loop().time()

    def check(self) -> None:
        """Ask, if it is time to; does not wait. Raises ``TimeoutError`` when the cluster has not answered."""
        now = asyncio.get_running_loop().time()
        if self._asking is None:
            if now >= self._heard_at + _QUIET:
                self._asked_at = now
                self._asking = asyncio.create_task(self._ask(), context=outside_turns())
        elif self._asking.done():
            asked, self._asking = self._asking, None
            if self._heard_at < self._asked_at:
                asked.result()
                self._heard_at = now

    async def end(self) -> None:
        """Ask no more. Safe to call again."""
        asking, self._asking = self._asking, None
        if asking is not None:
            asking.cancel()
            await asyncio.wait([asking])
            if not asking.cancelled():
                asking.exception()

    async def _ask(self) -> None:
        try:
            async with asyncio.timeout(self._timeout):
                while not await self._client.force_metadata_update():  # noqa: ASYNC110  # the answer is no event
                    await asyncio.sleep(_AGAIN)
        except TimeoutError:
            raise TimeoutError(f"no answer for {self._timeout} seconds") from None
