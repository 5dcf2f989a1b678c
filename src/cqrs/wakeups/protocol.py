"""The port of wake-ups: how a worker learns that there is work for it before it looks for it the next time.

A wake-up is a hint. It may be lost, late or without a reason; nothing but speed depends on it, because the worker acts
on what its next poll finds.
"""

from __future__ import annotations

import abc
import asyncio
from typing import Self

from typing_extensions import override


class WakeUps(abc.ABC):
    """Wakes the tasks that wait for it when there may be work.

    Give each worker one of its own: several tasks may wait for one object and are all woken, but a hint that comes
    while they work is kept for one of them only. To be waited for in one event loop; :meth:`announce` may be called in
    any.
    """

    @property
    @abc.abstractmethod
    def healthy(self) -> bool:
        """Whether, as far as it knows, it notices every commit. While it does not, poll as if there were no hints."""

    def announce(self) -> None:  # noqa: B027  # not every kind needs it
        """Wake all tasks that wait; called after a commit. Cheap, without waiting, and never raises."""

    @abc.abstractmethod
    async def wait(self, timeout: float) -> bool:  # noqa: ASYNC109  # it returns, and does not raise, when time is over
        """Return ``True`` when there may be work, ``False`` after ``timeout`` seconds.

        A hint that came since the last call counts. Does not raise if hints cannot arrive, as when a connection is
        lost: that is logged, and the connection is replaced in the background.
        """

    async def start(self) -> None:  # noqa: B027  # not every kind needs it
        """Begin to listen, in the background. Safe to call again."""

    async def close(self) -> None:  # noqa: B027  # as above
        """Give back what listening takes. Safe to call again, and before :meth:`start`."""

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class NoWakeUps(WakeUps):
    """Never wakes: for workers that poll."""

    @property
    def healthy(self) -> bool:
        """Always ``False``."""
        return False

    @override
    async def wait(self, timeout: float) -> bool:  # as in the port
        await asyncio.sleep(timeout)
        return False
