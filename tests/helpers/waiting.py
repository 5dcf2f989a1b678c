"""Waiting for something that notifies no one of itself: a database, a list, a log, another process."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any

from cqrs.backoff import Backoff

if TYPE_CHECKING:
    from collections.abc import Callable

AT_ONCE = Backoff(first=0.0, longest=0.0)
"""For policies that must not wait between attempts."""

LATE = 60.0
"""Seconds that only a test waits that is about to fail."""


async def until(condition: Callable[[], Any], *, within: float = LATE, every: float = 0.002) -> Any:
    """Ask `condition` again and again until its result, awaited if it can be, is true, and return that.

    Raises `TimeoutError` after `within` seconds.
    """
    async with asyncio.timeout(within):
        while True:
            found = condition()
            if inspect.isawaitable(found):
                found = await found
            if found:
                return found
            await asyncio.sleep(every)
