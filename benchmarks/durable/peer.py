"""The peer's scripts, each run in the peer's interpreter beside the same PostgreSQL, and counted."""

from __future__ import annotations

import asyncio
import json
import subprocess
from typing import TYPE_CHECKING

from benchmarks.durable.server import make_database, of_database
from benchmarks.durable.server_counts import counting
from benchmarks.peer import installed
from benchmarks.results import ROOT

if TYPE_CHECKING:
    from typing import Any, Self

    from benchmarks.durable.server_counts import Counts

_DATABASE = "peer"  # of its own: its tables have the names of ours
_STORING = [(batch, tasks) for batch in (100, 500, 1_000) for tasks in ("turns", "both")]
_RELAYED = {0.0: 3_000, 0.001: 1_000}
_INBOX, _TRIED = 2_000, 1_000


class Peer:
    """The package in ``python``, on the server at ``address``. ``last`` counts the statements of its last run."""

    last: Counts

    def __init__(self, python: str, address: str) -> None:
        self._python = python
        self._address = address
        self._best: dict[str, tuple[int, str]] = {}

    @classmethod
    async def installed(cls, address: str) -> Self | None:
        """Install it if that is not done, and make its database. ``None``, with a word on stderr, if it cannot be."""
        python = installed("sqlalchemy[asyncio]", "asyncpg")
        if python is None:
            return None
        await make_database(address, _DATABASE)
        return cls(python, address)

    async def relay(self, ack: float) -> float:
        """Messages per second from its outbox to a broker that confirms each after ``ack`` seconds."""
        return await self._rate("outbox", _RELAYED[ack], ack)

    async def inbox(self, handler: str) -> float:
        """Messages per second of its inbox and its event mediator, in the configuration that is its best here.

        What ``handler`` does is ``object``, ``values`` or ``nothing``.
        """
        if handler not in self._best:
            tried = {way: await self._rate("inbox", _TRIED, handler, *way) for way in _STORING}
            self._best[handler] = max(tried, key=tried.__getitem__)
        return await self._rate("inbox", _INBOX, handler, *self._best[handler])

    async def storing(self) -> float:
        """Messages per second that its inbox only stores, to be processed later."""
        return await self._rate("inbox", _INBOX, "nothing", 1_000, "store")

    def best(self, handler: str) -> str:
        """The configuration that was best."""
        batch, tasks = self._best[handler]
        how = "stored and processed at the same time" if tasks == "both" else "all stored, then processed"
        return f"batches of {batch:,}, {how}"

    async def empty_poll(self, sent: int) -> float:
        """Seconds that a poll of its outbox takes that finds nothing, beside so many sent rows."""
        return float((await self._run("poll", sent))["seconds"])

    async def _rate(self, script: str, count: int, *arguments: object) -> float:
        return float((await self._run(script, count, *arguments))["rate"])

    async def _run(self, script: str, count: int, *arguments: object) -> dict[str, Any]:
        url = of_database(self._address, _DATABASE).replace("postgresql:", "postgresql+asyncpg:")
        path = ROOT / "benchmarks" / "peers" / f"python_cqrs_{script}.py"
        process = await asyncio.create_subprocess_exec(
            *(self._python, "-E", "-s", str(path), url, str(count), *map(str, arguments)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd="/",
        )
        assert process.stdin is not None  # noqa: S101  # both are pipes
        assert process.stdout is not None  # noqa: S101
        try:
            if await process.stdout.readline() != b"ready\n":
                raise EOFError(f"{path.name} has ended; what it said is above")
            async with counting(self._address, _DATABASE, count) as counts:
                process.stdin.write(b"go\n")
                answer: dict[str, Any] | None = json.loads(await process.stdout.readline() or "null")
            await process.communicate(b"\n")
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if answer is None or process.returncode:
            raise EOFError(f"{path.name} has ended with {process.returncode}; what it said is above")
        self.last = counts
        return answer
