"""Check whether a cluster that sends nothing can still be reached."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from cqrs._logging.outages import OutageLog
from cqrs._tasks.cancellation import cancel_and_wait
from cqrs._tasks.running import context_without_turn
from cqrs.message_brokers.kafka.driver import KafkaError

_QUIET = 5.0  # seconds without an answer after which the cluster is pinged
_MISSED = 3.0  # seconds without an answer to the ping after which a warning is logged
_AGAIN = 0.2  # seconds between two pings


class Pulse:
    """Pings a silent cluster, because the driver does not report an outage.

    ``client`` is that of the driver, ``place`` the cluster. A missing answer is logged, and so is the next answer. No
    answer within ``timeout`` seconds is an outage; the driver recovers from a shorter one by itself.
    """

    def __init__(self, client: Any, place: str, timeout: float) -> None:
        self._client = client
        self._outages = OutageLog(place, fails="does not answer, waiting for it", recovers="answers again")
        self._timeout = timeout
        self._lost: TimeoutError | None = None
        self._answered_at = asyncio.get_running_loop().time()
        self._watching = asyncio.create_task(self._watch(), context=context_without_turn())

    def note_answer(self) -> None:
        """Note that the cluster has answered just now."""
        self._answered_at = asyncio.get_running_loop().time()

    def check(self) -> None:
        """Raise ``TimeoutError`` if the cluster did not answer the last ping."""
        if self._lost is not None:
            raise self._lost

    async def end(self) -> None:
        """Stop pinging. Safe to call again."""
        await cancel_and_wait([self._watching])

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while self._lost is None:
            left = self._answered_at + _QUIET - loop.time()
            if left > 0:
                await asyncio.sleep(left)
            else:
                await self._ping()

    async def _ping(self) -> None:
        loop = asyncio.get_running_loop()
        silent_since, pinged_at = self._answered_at, loop.time()
        answer = asyncio.create_task(self._answer())
        try:
            await asyncio.wait([answer], timeout=min(_MISSED, self._timeout))
            if not answer.done():
                self._outages.failed(f"no answer for {loop.time() - silent_since:.0f} s")
                await asyncio.wait([answer], timeout=max(0.0, self._timeout - _MISSED))
            if answer.done() or self._answered_at > pinged_at:
                self._outages.over()
                self.note_answer()
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
