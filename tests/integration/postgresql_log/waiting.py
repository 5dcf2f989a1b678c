"""What tests of wake-ups wait for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.helpers.waiting import LATE, until

if TYPE_CHECKING:
    from cqrs.wakeups.protocol import WakeUps

A_WHILE = 0.3
"""Seconds for which nothing must happen."""


async def listening(wakeups: WakeUps) -> None:
    """Wait until it listens, and drop the first hint that it then gives."""
    await until(lambda: wakeups.healthy)
    assert await wakeups.wait(LATE)
