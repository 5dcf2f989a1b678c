"""What tests hold in their hands: the supervisor of the run, and servers that it runs for them."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from tests.servers.recipe import ROOT

_GOODBYE = 60.0  # longer than any recipe allows a server for its end


class ServerFailed(Exception):
    """A server did not do what it was asked to; the text holds the end of its log."""


@dataclass(frozen=True)
class Server:
    """A server of this run. It keeps its address and its folder over stops and starts.

    The methods block until it is done; in a coroutine, call them through `asyncio.to_thread`. A server that other
    tests share must not be stopped: ask for one of your own.
    """

    address: str
    version: str
    tool: str
    place: str
    supervisor: int

    def start(self) -> None:
        """Returns when it serves."""
        self._ask("start")

    def stop(self) -> None:
        """As an operator would: it may finish what it is at."""
        self._ask("stop")

    def kill(self) -> None:
        """As a power failure would."""
        self._ask("kill")

    def restart(self) -> None:
        """Stop, then start."""
        self.stop()
        self.start()

    def _ask(self, do: str) -> None:
        answer = ask(self.supervisor, do, self.tool, self.place)
        if "failed" in answer:
            raise ServerFailed(answer["failed"])


def ask(supervisor: int, do: str, tool: str = "", place: str = "") -> dict[str, Any]:
    """The answer of the supervisor that listens on this port; waits as long as it takes."""
    with socket.create_connection(("127.0.0.1", supervisor)) as connection, connection.makefile("rw") as stream:
        stream.write(json.dumps({"do": do, "tool": tool, "place": place}) + "\n")
        stream.flush()
        answer: dict[str, Any] = json.loads(stream.readline() or '{"failed": "the supervisor of the servers has died"}')
        return answer


class SupervisorProcess:
    """The supervisor, as its parent sees it."""

    def __init__(self, command: tuple[str, ...] = ("-m", "tests.servers.supervisor")) -> None:
        # The socket listens before the child runs, so no client has to wait for it, and only it may keep it open.
        with socket.create_server(("127.0.0.1", 0)) as listening:
            self.port: int = listening.getsockname()[1]
            self._process = subprocess.Popen(
                [sys.executable, *command, str(listening.fileno())],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                pass_fds=[listening.fileno()],
                start_new_session=True,  # Ctrl-C is for pytest, whose end then ends the supervisor
            )

    def close(self) -> None:
        """Returns when every server has been stopped."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(_GOODBYE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
