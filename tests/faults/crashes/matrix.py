"""Runs a scenario, kills it again at the points that it has passed, starts it once more, and checks what is there."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from abc import ABC, abstractmethod
from collections import Counter
from typing import TYPE_CHECKING

from cqrs.testing.faults import TRACE, VARIABLE, crash_matrix, read_trace
from tests.helpers.sampling import ALL, DAY
from tests.servers.recipe import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from cqrs.testing.faults import Failpoint


class Scenario(ABC):
    """A program that does all of its work and ends. Started again after a crash, it does the rest."""

    program: str
    """The module that is run."""

    @abstractmethod
    def place(self) -> AbstractAsyncContextManager[str]:
        """The address of a new database for the program."""

    @abstractmethod
    async def prepare(self, url: str) -> None:
        """Make what the program needs."""

    @abstractmethod
    async def check(self, url: str, folder: Path) -> None:
        """Raise ``AssertionError`` unless everything was done once, and in order."""

    async def crashes(self, folder: Path, most: int) -> list[Failpoint]:
        """Run without a crash, and then with each failpoint, or with ``most`` of them; returns where it was killed."""
        done, trace = folder / "whole", folder / "trace"
        async with self.place() as url:
            await self.prepare(url)
            done.mkdir()  # nothing else runs here
            assert await self._run(url, done, trace=trace) == 0
            await self.check(url, done)
        wanted = sampled(crash_matrix(read_trace(trace)), most, f"{type(self).__name__} {url.partition(':')[0]}")
        return [failpoint for failpoint in wanted if await self._crash(failpoint, folder / str(failpoint))]

    async def _crash(self, failpoint: Failpoint, folder: Path) -> bool:
        """Whether the run was killed at ``failpoint``: what depends on time may not happen so often again."""
        folder.mkdir()  # noqa: ASYNC240  # nothing else runs here
        async with self.place() as url:
            await self.prepare(url)
            status = await self._run(url, folder, failpoint=str(failpoint))
            assert status in {0, -signal.SIGKILL}, f"{failpoint}: the program ended with {status}"
            if status != 0:
                assert await self._run(url, folder) == 0, f"{failpoint}: what was started after the crash has failed"
            try:
                await self.check(url, folder)
            except AssertionError as error:
                error.add_note(f"after a crash at {failpoint}")
                raise
        return status != 0

    async def _run(self, url: str, folder: Path, *, failpoint: str = "", trace: Path | str = "") -> int:
        environment = {**os.environ, VARIABLE: failpoint, TRACE: str(trace)}
        command = (sys.executable, "-m", self.program, url, str(folder))
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment)
        try:
            async with asyncio.timeout(100):
                return await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


def sampled(failpoints: Sequence[Failpoint], most: int, seed: str) -> list[Failpoint]:
    """``most`` of ``failpoints``, of as many points as there are; the same ones for one day and ``seed``."""
    if ALL or len(failpoints) <= most:
        return list(failpoints)
    shuffled = random.Random(f"{DAY} {seed}").sample(failpoints, len(failpoints))  # noqa: S311  # it hides nothing
    turns: Counter[str] = Counter()
    turn = {}
    for one in shuffled:
        turn[one] = turns[one.point]
        turns[one.point] += 1
    return sorted(shuffled, key=turn.__getitem__)[:most]
