"""An outbox in a real database, relays that are processes, and the file that their broker writes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections import defaultdict
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from cqrs.events.registry import EventRegistry
from cqrs.migrations import upgrade
from cqrs.outbox.sqlalchemy.repository import SqlAlchemyOutboxedEventRepository
from cqrs.testing.conformance.outbox import Numbered, numbered
from cqrs.testing.faults import TRACE, VARIABLE, crash_matrix, read_trace
from tests.helpers.waiting import until
from tests.servers.recipe import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from cqrs.testing.faults import Failpoint


class RelayProcesses:
    """One outbox, and the relays that work on it."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.file = folder / "arrived"
        self.file.touch()
        self.engine = create_async_engine(url, connect_args={"timeout": 60} if url.startswith("sqlite") else {})
        registry = EventRegistry()
        registry.register(Numbered, "numbered")
        sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        self.outbox = SqlAlchemyOutboxedEventRepository(sessions, registry=registry, keep_produced=False)
        self._relays: list[asyncio.subprocess.Process] = []

    async def start(self) -> None:
        await upgrade(self.engine)

    async def add(self, count: int, keys: int, first: int = 0) -> None:
        """`count` messages with growing numbers, spread over `keys` keys."""
        for start in range(first, first + count, 500):
            async with self.outbox as session:
                for number in range(start, min(start + 500, first + count)):
                    self.outbox.add(session, numbered(number), key=f"key-{number % keys}")
                await self.outbox.commit(session)

    async def failpoints(self, *options: str) -> list[Failpoint]:
        """Empty the outbox with a relay, then kill it; returns the failpoints that kill at each point it passed."""
        trace = self.file.with_suffix(".trace")
        relay = await self.relay(*options, trace=str(trace))
        await self.until_empty()
        relay.kill()
        await relay.wait()
        return crash_matrix(read_trace(trace))

    async def relay(self, *options: str, failpoint: str = "", trace: str = "") -> asyncio.subprocess.Process:
        command = [sys.executable, "-m", "tests.faults.relay_program", self.url, str(self.file), *options]
        environment = {**os.environ, VARIABLE: failpoint, TRACE: trace}
        relay = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment)
        self._relays.append(relay)
        return relay

    def arrived(self) -> list[tuple[str, str, int]]:
        """Id, key and number of everything that the broker has confirmed or kept, in order."""
        lines = (line.split() for line in self.file.read_text().splitlines())
        return [(id_, key, int(number)) for id_, key, number in lines]

    async def waiting(self) -> int:
        """How many messages are not settled."""
        model = self.outbox.model
        async with self.engine.connect() as connection:
            return (await connection.execute(select(func.count()).where(model.pending.is_not(None)))).scalar_one()

    async def until_empty(self) -> None:
        async def empty() -> bool:
            return await self.waiting() == 0

        await until(empty, within=100, every=0.05)

    async def close(self) -> None:
        for relay in self._relays:
            with contextlib.suppress(ProcessLookupError):
                relay.send_signal(signal.SIGKILL)
            await relay.wait()
        await self.engine.dispose()


def assert_nothing_lost(stand: RelayProcesses, count: int) -> None:
    assert {number for _, _, number in stand.arrived()} == set(range(count))


def assert_first_deliveries_in_order(stand: RelayProcesses) -> None:
    seen: set[str] = set()
    last: dict[str, int] = defaultdict(lambda: -1)
    for id_, key, number in stand.arrived():
        if id_ not in seen:
            assert number > last[key], f"{number} of {key} arrived after {last[key]}"
            last[key] = number
            seen.add(id_)


def duplicates(stand: RelayProcesses) -> int:
    """How many arrivals were not the first of their message."""
    arrived = stand.arrived()
    return len(arrived) - len({id_ for id_, _, _ in arrived})
