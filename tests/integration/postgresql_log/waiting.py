"""What tests of wake-ups wait for."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqrs.wakeups.protocol import WakeUps

LATE = 60.0
"""Seconds that only a test waits that is about to fail."""

A_WHILE = 0.3
"""Seconds for which nothing must happen."""


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(LATE):
        while not condition():  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0.01)


async def listening(wakeups: WakeUps) -> None:
    """Wait until it hears, and forget the hint that it gives then."""
    await until(lambda: wakeups.healthy)
    assert await wakeups.wait(LATE)
