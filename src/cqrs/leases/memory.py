"""Leases of one process: the reference for the others, and the ones for tests."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING

from typing_extensions import override

from cqrs.leases.protocol import Holding, LeaseStore

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping


@dataclasses.dataclass(slots=True)
class _Share:
    owner: str | None = None
    fence: int = 0
    until: float = 0.0


class MemoryLeaseStore(LeaseStore):
    """Leases that end with the process. ``clock`` returns seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._shares: dict[str, dict[int, _Share]] = {}
        self._alive: dict[str, dict[str, float]] = {}

    @override
    async def keep(self, scope: str, owner: str, *, count: int, ttl: float, giving_up: Collection[int] = ()) -> Holding:
        now = self._clock()
        shares = self._shares.setdefault(scope, {})
        for number in range(count):
            shares.setdefault(number, _Share())
        alive = self._alive.setdefault(scope, {})
        alive[owner] = now + ttl
        workers = sum(until > now for until in alive.values())
        fair_share = -(-count // max(1, workers))
        for number, share in shares.items():
            if share.owner == owner:
                share.owner, share.until = (None, now) if number in giving_up else (owner, now + ttl)
        held = sum(share.owner == owner for share in shares.values())
        free = (n for n, share in shares.items() if share.until <= now and share.owner != owner and n not in giving_up)
        for number in list(free)[: max(0, fair_share - held)]:
            share = shares[number]
            share.owner, share.until, share.fence = owner, now + ttl, share.fence + 1
        return Holding({n: share.fence for n, share in shares.items() if share.owner == owner}, fair_share)

    @override
    async def leave(self, scope: str, owner: str) -> None:
        self._alive.get(scope, {}).pop(owner, None)
        for share in self._shares.get(scope, {}).values():
            if share.owner == owner:
                share.owner, share.until = None, self._clock()

    def is_held(self, scope: str, fences: Mapping[int, int]) -> set[int]:
        """Which of these shares have this very fence."""
        shares = self._shares.get(scope, {})
        return {number for number, fence in fences.items() if number in shares and shares[number].fence == fence}
