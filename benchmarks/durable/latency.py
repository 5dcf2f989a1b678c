"""How soon a relay sends what another process has committed."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.durable.adder import CHANNEL
from benchmarks.durable.checks import must_be
from benchmarks.durable.server import connected
from benchmarks.durable.shop import PipelineBroker
from benchmarks.durable.table import Row, Target, milliseconds
from cqrs.backoff import Backoff
from cqrs.workers import OutboxRelay, RelayPolicy

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from benchmarks.durable.shop import Stand
    from benchmarks.durable.workload import Bench

_ROOT = Path(__file__).resolve().parents[2]
_COUNT = 200
_AT_MOST = 0.005  # seconds
_PATIENCE = 60.0
# Longer than from one commit to the next, so that each is found by its hint.
_WHEN_WOKEN = RelayPolicy(idle_backoff=Backoff(first=0.05, longest=600.0))
_NOTES = [
    "another process commits, a relay in this one is woken and sends",
    "limit: NOTIFY, one listener and one SELECT by the driver",
]


async def show(bench: Bench) -> None:
    """Fill in the row of being woken."""
    table, stand = bench.table, bench.stand
    shortest = await by_hand(stand, _COUNT)
    found = await latency(stand, _COUNT)
    (p50, p99), (limit, _) = _quantiles(found), _quantiles(shortest)
    target = Target(f"p50 ≤ {_AT_MOST * 1e3:g} ms", p50 <= _AT_MOST)
    cells = (milliseconds(p50), "", "", milliseconds(limit), f"{limit / p50:.2f}")
    table.add(Row("commit to broker, by NOTIFY", *cells, [target], [f"p99 {milliseconds(p99)}", *_NOTES]))


async def latency(stand: Stand, count: int) -> list[float]:
    """Seconds from the end of each commit to the moment the broker has the message."""
    await stand.run("TRUNCATE outbox")
    broker, outbox = Noting(), stand.outbox()
    async with _adding(stand.address, count, "notify") as committed:
        wakeups = outbox.wakeups("notify")
        async with OutboxRelay(outbox, broker, _WHEN_WOKEN, wake_up=wakeups) as worker:
            await worker.started()
            await _until("a relay that is woken", lambda: wakeups.healthy)
            await asyncio.sleep(1)  # it has looked once more since it listens
            times = await committed()
            await _until(f"{count} messages", lambda: broker.count >= count)
    await stand.must_hold()
    return _differences(times, broker.times)


async def by_hand(stand: Stand, count: int) -> list[float]:
    """The same: one listener that reads what was added when it is notified."""
    await stand.run("TRUNCATE outbox")
    connection, heard, arrived = await connected(stand.address), asyncio.Event(), list[float]()

    def hear(*_: object) -> None:
        heard.set()

    await connection.add_listener(CHANNEL, hear)
    last = 0

    async def read() -> None:
        nonlocal last
        while len(arrived) < count:
            await heard.wait()
            heard.clear()
            rows = await connection.fetch("SELECT id, topic, headers, body FROM outbox WHERE id > $1 ORDER BY id", last)
            arrived.extend(time.perf_counter() for _ in rows)
            last = rows[-1]["id"] if rows else last

    async with _adding(stand.address, count, "hand") as committed:
        reader = asyncio.create_task(read())
        times = await committed()
        async with asyncio.timeout(_PATIENCE):
            await reader
    await connection.close()
    return _differences(times, arrived)


async def _until(what: str, reached: Callable[[], bool]) -> None:
    begin = time.perf_counter()
    while not reached():
        if time.perf_counter() - begin > _PATIENCE:
            must_be(f"{what}, {_PATIENCE:g} s later", reached(), expected=True)
        await asyncio.sleep(0.01)


class Noting(PipelineBroker):
    """Knows when each message came."""

    def __init__(self) -> None:
        super().__init__(0)
        self.count: int = 0
        self.times: list[float] = []

    async def send(self, envelopes: Sequence[object]) -> list[Exception | None]:
        """Take many."""
        now = time.perf_counter()
        self.times.extend(now for _ in envelopes)
        self.count += len(envelopes)
        return [None] * len(envelopes)


@asynccontextmanager
async def _adding(address: str, count: int, way: str) -> AsyncGenerator[_Adder, None]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.durable.adder", address, str(count), way),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=_ROOT,
    )
    try:
        yield _Adder(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


class _Adder:
    """The other process, once it has been started."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def __call__(self) -> list[float]:
        """When each of its commits had returned."""
        given, told = self._process.stdin, self._process.stdout
        assert given is not None  # noqa: S101  # both are pipes
        assert told is not None  # noqa: S101
        must_be("what the other process says", await told.readline(), b"ready\n")
        given.write(b"go\n")
        return [float(moment) for moment in json.loads(await told.readline() or "[]")]


def _differences(committed: Sequence[float], arrived: Sequence[float]) -> list[float]:
    must_be("messages that arrived", len(arrived), len(committed))
    return sorted(after - before for before, after in zip(committed, arrived, strict=True))


def _quantiles(found: Sequence[float]) -> tuple[float, float]:
    return found[len(found) // 2], found[len(found) * 99 // 100]
