"""Cancellation of tasks: whether the running one was cancelled, and how to end others."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from cqrs._tasks.running import running_task

if TYPE_CHECKING:
    from collections.abc import Iterable


def cancellations() -> int:
    """How often ``cancel`` was called on the running task, without the calls that were taken back; 0 without a task."""
    task = running_task()
    return 0 if task is None else task.cancelling()


def is_cancelled() -> bool:
    """Whether the running task was cancelled. If not, a ``CancelledError`` comes from something that it awaits.

    Some drivers cancel their own futures, for example when a connection is lost. True without a running task, where
    nothing else can be known.
    """
    task = running_task()
    return task is None or task.cancelling() > 0


async def cancel_and_wait(tasks: Iterable[asyncio.Future[Any]]) -> None:
    """Cancel ``tasks`` and return when each has ended, with whatever result or error."""
    running = [task for task in tasks if not task.done()]
    for task in running:
        task.cancel()
    if running:
        await asyncio.wait(running)
