"""The process that owns every server of a run.

It is a child of the process that runs pytest (under xdist: of the controller), listens on a socket that it inherits,
and answers one JSON line with one JSON line. When its standard input ends, because pytest has finished, failed or was
killed, it stops all servers, removes their folders and ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import signal
import socket
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from tests.servers.recipe import Missing, Recipe, Tool
from tests.servers.running import Running, StartFailed
from tests.servers.table import tools as all_tools

Answer = dict[str, Any]


class Supervisor:
    """Provides tools once, starts servers once, and keeps the book that the summary of the run prints."""

    def __init__(self, tools: dict[str, Tool], folder: Path) -> None:
        self._tools = tools
        self._folder = folder
        self._running: dict[tuple[str, str], Running] = {}
        self._provided: dict[str, Answer] = {}
        self._locks: defaultdict[object, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def answer(self, do: str, tool: str = "", place: str = "") -> Answer:
        """Carry out one request of a worker: `version`, `missing`, `failed` and `address` are what it can learn."""
        if do == "report":
            return self._report()
        provided = await self._provide(tool)
        if do == "provide" or "version" not in provided:
            return provided
        async with self._locks[tool, place]:
            server = self._server(tool, place)
            try:
                match do:
                    case "start":
                        await server.start()
                    case "stop":
                        await server.stop()
                    case "kill":
                        await server.kill()
                    case _:
                        return {"failed": f"unknown request {do!r}"}
            except (StartFailed, Missing) as error:
                return {"failed": str(error)}
            return {**provided, "address": server.address}

    async def stop_all(self) -> None:
        await asyncio.gather(*(server.stop() for server in self._running.values()), return_exceptions=True)

    async def _provide(self, tool: str) -> Answer:
        async with self._locks[tool]:
            if tool not in self._provided:
                try:
                    self._provided[tool] = {"version": await asyncio.to_thread(self._tools[tool].provide)}
                except Missing as missing:
                    self._provided[tool] = {"missing": str(missing)}
            return self._provided[tool]

    def _server(self, tool: str, place: str) -> Running:
        if (tool, place) not in self._running:
            recipe = self._tools[tool]
            if not isinstance(recipe, Recipe):
                raise TypeError(f"{tool} is not a server")
            self._running[tool, place] = Running(recipe, self._folder / tool / place)
        return self._running[tool, place]

    def _report(self) -> Answer:
        starts = {name: sum(r.starts for (t, _), r in self._running.items() if t == name) for name in self._provided}
        return {name: {**answer, "starts": starts[name]} for name, answer in self._provided.items()}


async def serve(listening: socket.socket, tools: dict[str, Tool]) -> None:
    """Answer until standard input ends or the process is asked to terminate."""
    folder = new_folder()
    supervisor = Supervisor(tools, folder)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer):
            while line := await reader.readline():
                try:
                    answer = await supervisor.answer(**json.loads(line))
                except Exception as error:  # noqa: BLE001  # a mistake in a recipe must reach the test that hit it
                    answer = {"failed": f"{type(error).__name__}: {error}"}
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()

    end = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, end.set)
    stdin = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdin), sys.stdin)
    parent_gone = asyncio.create_task(stdin.read())
    parent_gone.add_done_callback(lambda _: end.set())
    async with await asyncio.start_server(connected, sock=listening):
        await end.wait()
        await supervisor.stop_all()
    shutil.rmtree(folder, ignore_errors=True)


def new_folder() -> Path:
    """A temporary folder that servers can enter that run as users of their own."""
    folder = Path(tempfile.mkdtemp(prefix="cqrs-servers-"))
    folder.chmod(0o755)
    return folder


def main(tools: dict[str, Tool] | None = None) -> None:
    """Run with the descriptor of the listening socket as the only argument."""
    asyncio.run(serve(socket.socket(fileno=int(sys.argv[1])), tools or all_tools()))


if __name__ == "__main__":
    main()
