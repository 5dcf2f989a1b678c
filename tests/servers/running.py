"""One server from its first start to its end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import socket
from typing import TYPE_CHECKING

from tests.servers.recipe import Place

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.recipe import Recipe

_PAUSE = 0.05
_TAIL = 2000


class StartFailed(Exception):
    """The server is there but did not come up; the text holds the end of its log."""


class Running:
    """A server in a folder and on ports of its own. Not safe for two tasks at once: the supervisor queues them."""

    def __init__(self, recipe: Recipe, folder: Path) -> None:
        self.starts = 0
        self._recipe = recipe
        self._place = Place(folder, free_ports(recipe.ports))
        self._log = folder / "server.log"
        self._process: asyncio.subprocess.Process | None = None

    @property
    def address(self) -> str:
        return self._recipe.address(self._place)

    async def start(self) -> None:
        """Returns when it serves. Does nothing if it runs already."""
        if self._process is not None and self._process.returncode is None:
            return
        if not self._place.folder.exists():
            self._place.folder.mkdir(parents=True)
            await asyncio.to_thread(self._recipe.prepare, self._place)
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._recipe.command(self._place),
                cwd=self._place.folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for pytest; and a group of its own can be killed whole
            )
        try:
            async with asyncio.timeout(self._recipe.start_timeout):
                await self._until_ready(self._process)
        except TimeoutError:
            await self.kill()
            raise StartFailed(self._story(f"did not serve within {self._recipe.start_timeout:.0f} s")) from None
        self.starts += 1

    async def stop(self) -> None:
        """Ask it to end, as an operator would, and wait. Does nothing if it does not run."""
        await self._end(self._recipe.stop_signal, self._recipe.stop_timeout)

    async def kill(self) -> None:
        """End it without a chance to clean up, and wait."""
        await self._end(signal.SIGKILL, self._recipe.stop_timeout)

    async def _end(self, how: signal.Signals, patience: float) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        if how is signal.SIGKILL and (cut := self._recipe.cut(self._place)):
            await (await asyncio.create_subprocess_exec(*cut, stdout=asyncio.subprocess.DEVNULL)).wait()
        _signal_group(process.pid, how)
        try:
            await asyncio.wait_for(process.wait(), patience)
        except TimeoutError:
            _signal_group(process.pid, signal.SIGKILL)
            await process.wait()

    async def _until_ready(self, process: asyncio.subprocess.Process) -> None:
        while True:
            if process.returncode is not None:
                raise StartFailed(self._story(f"ended with {process.returncode} instead of serving"))
            with contextlib.suppress(OSError, EOFError):
                if await self._recipe.ready(self._place):
                    return
            await asyncio.sleep(_PAUSE)

    def _story(self, problem: str) -> str:
        log = self._log.read_text(errors="replace")[-_TAIL:].strip()
        return f"{self._recipe.name} {problem}. The end of its log:\n{log or '(empty)'}"


def free_ports(count: int) -> list[int]:
    """Ports without a listener, below those that the system gives to outgoing connections: a server that is
    restarted finds its port again."""
    found: list[int] = []
    while len(found) < count:
        port = random.randrange(20_000, 32_000)  # noqa: S311  # any free one will do
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in found:
            found.append(port)
    return found


def _signal_group(pid: int, how: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, how)
