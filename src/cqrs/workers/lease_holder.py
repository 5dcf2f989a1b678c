"""Keeps the leases of one worker: which shares it holds, and for how long it can rely on them."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from cqrs._failpoints import reached
from cqrs._logging.texts import describe_error
from cqrs._tasks.cancellation import is_cancelled
from cqrs.errors.root import InvalidArgument
from cqrs.leases.worker_names import worker_name
from cqrs.workers.service import Service

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from cqrs.leases.protocol import LeaseStore

logger = logging.getLogger("cqrs")

_USABLE = 0.8
"""The part of a lease that is used. The rest is for clocks of different speed, and for a write that is under way."""


class LeaseHolder(Service):
    """Holds a fair part of ``count`` shares by leases in ``store``, and lends them to the worker.

    A share that is lent is not given up before it is returned. After ``ttl`` seconds without an answer of the store no
    share is held any more, however long a caller was delayed: the time counts from before the store was asked.
    ``error`` is why the store gave no answer, ``None`` after an answer. ``owner`` is the name that holds the leases. It
    is made anew at each start, because a process can be forked before, and several workers can have one ``name``.
    """

    _is_part = True

    def __init__(
        self,
        store: LeaseStore,
        scope: str,
        *,
        count: int,
        ttl: float,
        name: str | None = None,
    ) -> None:
        super().__init__()
        if name is not None and not (isinstance(cast("Any", name), str) and name and name.isprintable()):
            raise InvalidArgument("name", name, "give a text of printable characters, or None")
        self.owner = worker_name(name)
        self._name = name
        self._store = store
        self._scope = scope
        self._count = count
        self._ttl = ttl
        self._fences: dict[int, int] = {}
        self._until = 0.0
        self._in_use: list[frozenset[int]] = []
        self._unwanted: frozenset[int] = frozenset()
        self.error: BaseException | None = None

    def __str__(self) -> str:
        return self.owner

    def seconds_left(self) -> float:
        """For how many seconds the held shares can still be relied on."""
        return self._until - time.monotonic()

    @contextmanager
    def using(self) -> Generator[Mapping[int, int]]:
        """Borrow all shares that can be worked on now: each with its fence, the number of its lease."""
        held = self._fences if self.seconds_left() > 0 else {}
        mine = {n: fence for n, fence in held.items() if n not in self._unwanted}
        shares = frozenset(mine)
        self._in_use.append(shares)
        try:
            yield mine
        finally:
            self._in_use.remove(shares)

    def holds(self, share: int, fence: int) -> bool:
        """Whether ``share`` is still held by the lease ``fence``, and was not lost and acquired again in between."""
        return self._fences.get(share) == fence

    @property
    def holds_any(self) -> bool:
        """Whether at least one share is held."""
        return bool(self._fences) and self.seconds_left() > 0

    @property
    def tick(self) -> float:
        """After how many seconds it renews, and tries to acquire more if it holds less than its part."""
        return min(1.0, self._ttl / 4)

    async def start(self) -> None:
        """Begin to hold shares, under a new ``owner``."""
        if not self.is_running:
            self.owner = worker_name(self._name)
        await super().start()

    async def _work(self) -> None:
        try:
            while not self.is_ending:
                await self._pause(await self._keep())
                self._ready.set()
        finally:
            self._fences, self._until = {}, 0.0
            reached("lease.unused")
            await self._leave()

    async def _keep(self) -> float:
        """Renew the leases once; returns the seconds until the next time."""
        before = time.monotonic()
        giving_up = self._unwanted.difference(*self._in_use)
        try:
            async with asyncio.timeout(self._ttl):
                holding = await self._store.keep(
                    self._scope, self.owner, count=self._count, ttl=self._ttl, giving_up=giving_up
                )
        except (Exception, asyncio.CancelledError) as error:  # any error of the store, or a cancellation by its driver
            if is_cancelled():
                raise
            self.error = error  # for the worker to log: without answers the leases run out
            return self.tick
        self.error = None
        won = holding.fences.keys() - self._fences.keys()
        reached("lease.acquired" if won else "lease.renewed")
        self._fences = dict(holding.fences)
        self._until = before + self._ttl * _USABLE
        surplus = max(0, len(self._fences) - holding.fair_share)
        self._unwanted = frozenset(sorted(self._fences)[:surplus])
        self._ready.set()
        return self.tick / 10 if surplus else self.tick

    async def _leave(self) -> None:
        try:
            async with asyncio.timeout(self._ttl):
                await self._store.leave(self._scope, self.owner)
            reached("lease.released")
        except Exception as error:  # noqa: BLE001  # any error of the store; the leases run out by themselves
            text = "relay %s cannot give up its leases of %s, which run out within %.0f s: %s"
            logger.warning(text, self.owner, self._scope, self._ttl, describe_error(error))
