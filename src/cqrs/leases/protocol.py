"""The port of leases."""

from __future__ import annotations

import abc
import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


@dataclasses.dataclass(frozen=True, slots=True)
class Holding:
    """What one worker holds: the fence of each share, by its number, and how many shares would be fair now."""

    fences: Mapping[int, int]
    fair_share: int


class LeaseStore(abc.ABC):
    """Divides the shares ``0 … count - 1`` of a ``scope`` among the workers that are alive.

    A share has one holder at a time, until it gives the share up or has not renewed it for ``ttl`` seconds by the clock
    of the store. Its fence grows by one whenever the share changes hands and never shrinks: a write that is conditional
    on the fence fails for every worker that held the share before. A worker that renews too late gets back the shares
    that no other one has taken in between, and none that another one has. Safe to use from several tasks.

    ``cqrs.testing.conformance.leases.LeaseStoreConformance`` tests a store.
    """

    @abc.abstractmethod
    async def keep(self, scope: str, owner: str, *, count: int, ttl: float, giving_up: Collection[int] = ()) -> Holding:
        """Record that ``owner`` is alive, renew what it holds, give up some, and take what is free up to a fair share.

        All of it happens at once, or nothing. A fair share is the ``count`` divided by the workers alive, rounded up.
        What is held beyond it is kept until it is given up. A share that was lost in the meantime is missing in the
        answer; one that was lost and won again has another fence.
        """

    @abc.abstractmethod
    async def leave(self, scope: str, owner: str) -> None:
        """Give up everything that ``owner`` holds; it is not counted any more."""
