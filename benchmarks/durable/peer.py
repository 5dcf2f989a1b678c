"""The peer's scripts, each run in the peer's interpreter beside the same PostgreSQL, and counted."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.durable.counting import Counts, counting
from benchmarks.durable.server import make_database, of_database
from benchmarks.peer import REQUIREMENT, environment

if TYPE_CHECKING:
    from typing import Self

_ROOT = Path(__file__).resolve().parents[2]
_DATABASE = "peer"  # of its own: its tables have the names of ours
_STORING = [(batch, tasks) for batch in (100, 500, 1_000) for tasks in ("turns", "both")]


@dataclasses.dataclass(frozen=True)
class Measured:
    """Messages per second, what the server was told, and for how many messages."""

    rate: float
    counts: Counts
    count: int


class Peer:
    """The package in ``python``, on the server at ``address``."""

    def __init__(self, python: str, address: str) -> None:
        self._python = python
        self._address = address
        self._best: tuple[int, str] | None = None
        self._inboxes: dict[str, Measured] = {}

    @classmethod
    async def installed(cls, address: str) -> Self | None:
        """Install it if that is not done, and make its database. ``None``, with a word on stderr, if it cannot be."""
        packages = ["sqlalchemy[asyncio]", "asyncpg"]
        try:
            python = str(environment(_ROOT / ".cache" / "bench"))
            pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages]
            subprocess.run(pip, check=True)  # noqa: ASYNC221, S603  # fixed commands; nothing else runs
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"{REQUIREMENT} could not be installed, so it is left out: {error}", file=sys.stderr)
            return None
        await make_database(address, _DATABASE)
        return cls(python, address)

    async def relay(self, count: int, ack: float) -> Measured:
        """Its outbox, full of messages, to a broker that confirms each after ``ack`` seconds."""
        return await self._run("outbox", count, ack)

    async def inbox(self, count: int, handler: str) -> tuple[Measured, str]:
        """Its inbox and its event mediator, in the configuration that is its best here, and which that is.

        What ``handler`` does is ``row`` or ``nothing``; each is measured once.
        """
        if self._best is None:
            tried = {way: (await self._run("inbox", 1_000, "row", *way)).rate for way in _STORING}
            self._best = max(tried, key=tried.__getitem__)
        batch, tasks = self._best
        how = "stored and processed at the same time" if tasks == "both" else "all stored, then processed"
        if handler not in self._inboxes:
            self._inboxes[handler] = await self._run("inbox", count, handler, *self._best)
        return self._inboxes[handler], f"batches of {batch}, {how}"

    async def _run(self, script: str, count: int, *arguments: object) -> Measured:
        url = of_database(self._address, _DATABASE).replace("postgresql:", "postgresql+asyncpg:")
        path = _ROOT / "benchmarks" / "peers" / f"python_cqrs_{script}.py"
        process = await asyncio.create_subprocess_exec(
            *(self._python, "-E", "-s", str(path), url, str(count), *map(str, arguments)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd="/",
        )
        assert process.stdin is not None  # noqa: S101  # both are pipes
        assert process.stdout is not None  # noqa: S101
        if await process.stdout.readline() != b"ready\n":
            raise EOFError(f"{path.name} has ended; what it said is above")
        async with counting(self._address, _DATABASE) as counts:
            process.stdin.write(b"go\n")
            answer = json.loads(await process.stdout.readline() or "null")
        await process.communicate(b"\n")
        if answer is None or process.returncode:
            raise EOFError(f"{path.name} has ended with {process.returncode}; what it said is above")
        return Measured(answer["rate"], counts, count)
