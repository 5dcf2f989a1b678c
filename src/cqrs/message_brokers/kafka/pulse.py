"""Step 6, whether a cluster that has nothing to say is still there."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from cqrs._logging.outages import OutageLog
from cqrs._tasks.cancellation import cancel_and_wait
from cqrs._tasks.running import context_without_turn
from cqrs.message_brokers.kafka.driver import KafkaError

_QUIET = 5.0  # seconds without a word after which the cluster is asked
_MISSED = 3.0  # seconds without an answer after which it is said
_AGAIN = 0.2  # seconds between two attempts


class Pulse:
    """Asks a silent cluster for a sign of life, since the driver waits out every outage without a word.

    ``client`` is the driver's, ``place`` the cluster. It is logged that it does not answer and that it does again. What
    does not answer within ``timeout`` seconds is away; the driver gets over a shorter outage by itself.
    """

    def __init__(self, client: Any, place: str, timeout: float) -> None:
        self._client = client
        self._outages = OutageLog(place, fails="does not answer, waiting for it", recovers="answers again")
        self._timeout = timeout
        self._lost: TimeoutError | None = None
        self._heard_at = asyncio.get_running_loop().time()
        self._watching = asyncio.create_task(self._watch(), context=context_without_turn())

    def heard(self) -> None:
        """The cluster has answered just now."""
        self._heard_at = asyncio.get_running_loop().time()

    def check(self) -> None:
        """Raise ``TimeoutError`` when the cluster has been asked and has not answered."""
        if self._lost is not None:
            raise self._lost

    async def end(self) -> None:
        """Ask no more. Safe to call again."""
        await cancel_and_wait([self._watching])

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while self._lost is None:
            left = self._heard_at + _QUIET - loop.time()
            if left > 0:
                await asyncio.sleep(left)
            else:
                await self._ask()

    async def _ask(self) -> None:
        loop = asyncio.get_running_loop()
        silent_since, asked_at = self._heard_at, loop.time()
        answer = asyncio.create_task(self._answer())
        try:
            await asyncio.wait([answer], timeout=min(_MISSED, self._timeout))
            if not answer.done():
                self._outages.failed(f"no answer for {loop.time() - silent_since:.0f} s")
                await asyncio.wait([answer], timeout=max(0.0, self._timeout - _MISSED))
            if answer.done() or self._heard_at > asked_at:
                self._outages.over()
                self.heard()
            else:
                self._lost = TimeoutError(f"no answer for {loop.time() - silent_since:.0f} s")
        finally:
            await cancel_and_wait([answer])

    async def _answer(self) -> None:
        while True:
            with contextlib.suppress(KafkaError, OSError):
                if await self._client.force_metadata_update():
                    return
            await asyncio.sleep(_AGAIN)
