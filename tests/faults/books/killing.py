"""Starts the service, kills it at random moments, and keeps its answers."""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import func, select

import cqrs
from tests.faults.books.messages import REGISTRY
from tests.faults.books.tables import ACCOUNTS, Account, Base, Heard, Order
from tests.helpers.waiting import until
from tests.servers.recipe import ROOT

if TYPE_CHECKING:
    import random
    from collections.abc import AsyncGenerator

LANES = 8
MOST = 24
"""After how many answers the service dies at the latest; its life is counted in these, for machines differ."""

PATIENCE = 60.0


class Books:
    """Two databases, a Redis, and the service between them in a container of one ``kind``."""

    def __init__(self, kind: str, shop: str, ledger: str, redis: str) -> None:
        self.redis = redis
        self.shop = cqrs.Database(shop, metadata=Base.metadata, registry=REGISTRY)
        self.ledger = cqrs.Database(ledger, metadata=Base.metadata, registry=REGISTRY)
        self.said: dict[str, str] = {}
        """The answer of the service for each key: "done", or the name of an error."""

        self._command = [sys.executable, "-m", "tests.faults.books.service", kind, shop, ledger, redis]

    async def open(self) -> None:
        """The tables, and accounts with nothing on them."""
        for database in (self.shop, self.ledger):
            await database.upgrade()
            await database.create_all()
            async with database.transaction() as session:
                session.add_all(Account(number=number) for number in ACCOUNTS)

    async def kill_once(self, run: int, chance: random.Random) -> None:
        """A service under load, until a moment of ``chance``."""
        answers = len(self.said) + chance.randint(1, MOST)
        async with self._service(str(run), chance.getrandbits(32), LANES):
            await until(lambda: len(self.said) >= answers, within=PATIENCE)
            await asyncio.sleep(chance.uniform(0, 0.1))

    async def drain(self) -> None:
        """A service that gets nothing new, until every message has taken its effect."""
        async with self._service("last", 0, 0):
            while left := await self._not_heard():
                await until(partial(self._has_heard_some_of, left), within=PATIENCE)
            await asyncio.sleep(0.5)  # for what should not come at all

    async def close(self) -> None:
        await self.shop.aclose()
        await self.ledger.aclose()

    @asynccontextmanager
    async def _service(self, run: str, seed: int, lanes: int) -> AsyncGenerator[None]:
        command = [*self._command, run, str(seed), str(lanes)]
        service = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
        assert service.stdout is not None
        listening = asyncio.create_task(self._listen(service.stdout))
        try:
            yield
        finally:
            if service.returncode is None:
                service.kill()
            ended = await service.wait()
            await listening
        assert ended == -signal.SIGKILL, "the service has ended before it was killed"

    async def _listen(self, stdout: asyncio.StreamReader) -> None:
        async for line in stdout:
            said, key = line.decode().split(maxsplit=1)
            self.said[key.strip()] = said

    async def _not_heard(self) -> int:
        return max(0, await _count(self.shop, Order) - await _count(self.ledger, Heard))

    async def _has_heard_some_of(self, left: int) -> bool:
        return await self._not_heard() < left


async def _count(database: cqrs.Database, table: type[Base]) -> int:
    async with database.transaction(read_only=True) as session:
        return (await session.execute(select(func.count()).select_from(table))).scalar_one()
