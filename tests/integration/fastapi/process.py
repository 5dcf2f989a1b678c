"""An application in a process of its own, served by the command of uvicorn."""

from __future__ import annotations

import asyncio
import re
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx

from tests.servers.recipe import ROOT

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


@dataclass
class Served:
    """The process, what it has printed and logged so far, and a client of it."""

    process: asyncio.subprocess.Process
    said: list[str] = field(default_factory=list[str])
    client: httpx.AsyncClient = field(default_factory=httpx.AsyncClient)

    async def until(self, pattern: str) -> str:
        """Returns the first line that matches, from now on."""
        assert self.process.stdout is not None
        async for raw in self.process.stdout:
            line = raw.decode().rstrip()
            self.said.append(line)
            if found := re.search(pattern, line):
                return found[1] if found.re.groups else line
        raise AssertionError("\n".join(self.said))

    async def ended(self) -> int:
        """Returns the code that the process ends with."""
        assert self.process.stdout is not None
        self.said += (await self.process.stdout.read()).decode().splitlines()
        return await self.process.wait()


@asynccontextmanager
async def served(app: str, *options: str, env: dict[str, str] | None = None) -> AsyncGenerator[Served]:
    """Serve ``app``, as uvicorn names it, on a free port until the end of the block.

    Raises ``AssertionError`` with all of its output if it does not start.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "uvicorn", app, "--port", "0", *options),
        cwd=ROOT,
        env=env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    server = Served(process)
    try:
        address = await server.until(r"running on (http://\S+)")
        async with httpx.AsyncClient(base_url=address, timeout=30) as server.client:
            yield server
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
