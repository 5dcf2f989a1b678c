"""RabbitMQ: the binary of the machine or of Debian."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.servers import install
from tests.servers.client import ServerFailed
from tests.servers.recipe import Missing, Place, Recipe

if TYPE_CHECKING:
    from collections.abc import Sequence

# `rabbitmq-server` on PATH is a wrapper of Debian that changes the user and the folder; this is what it starts.
_DEBIAN = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")

_CONFIGURATION = """\
listeners.tcp.1 = 127.0.0.1:{port}
log.console = true
log.console.level = warning
log.file = false
disk_free_limit.absolute = 50MB
"""

# The name server of Erlang outlives the server that starts it first, unless it is a child like any other.
_BOTH = 'epmd -port "$ERL_EPMD_PORT" & exec "$0"'


class RabbitMQ(Recipe):
    """One node, with a name server of its own. It keeps what it has confirmed over a restart."""

    name = "rabbitmq"
    ports = 3
    start_timeout = 90.0  # 6 s on an idle machine
    stop_timeout = 30.0

    def __init__(self) -> None:
        self._server = ""

    def provide(self) -> str:
        install.apt("rabbitmq-server", "rabbitmq-server")
        server = _DEBIAN if _DEBIAN.exists() else shutil.which("rabbitmq-server", path=_path())
        if server is None or shutil.which("epmd", path=_path()) is None:
            raise Missing("RabbitMQ is installed, but `rabbitmq-server` or the `epmd` of Erlang is not on PATH")
        self._server = str(server)
        packages = sorted(Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*"))
        return packages[-1].name.removeprefix("rabbitmq_server-") if packages else "unknown"

    def prepare(self, place: Place) -> None:
        (place.folder / "rabbitmq.conf").write_text(_CONFIGURATION.format(port=place.ports[0]))
        (place.folder / "enabled_plugins").write_text("[].\n")
        (place.folder / "environment").touch()

    def command(self, place: Place) -> Sequence[str]:
        port, distribution, names = place.ports[:3]
        folder = place.folder
        environment = {
            "HOME": folder,  # where the cookie is
            "PATH": _path(),
            "ERL_EPMD_PORT": names,
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"rabbit{port}@localhost",
            "RABBITMQ_DIST_PORT": distribution,
            "RABBITMQ_CONF_ENV_FILE": folder / "environment",
            "RABBITMQ_CONFIG_FILE": folder / "rabbitmq.conf",
            "RABBITMQ_ENABLED_PLUGINS_FILE": folder / "enabled_plugins",
            "RABBITMQ_MNESIA_BASE": folder / "data",
            "RABBITMQ_LOG_BASE": folder / "log",
        }
        return ["env", *(f"{name}={value}" for name, value in environment.items()), "sh", "-c", _BOTH, self._server]

    def address(self, place: Place) -> str:
        return f"amqp://guest:guest@127.0.0.1:{place.ports[0]}/"

    async def ready(self, place: Place) -> bool:
        reader, writer = await asyncio.open_connection("127.0.0.1", place.ports[0])
        with contextlib.closing(writer):
            writer.write(b"AMQP\x00\x00\x09\x01")
            return await reader.readexactly(1) == b"\x01"  # a method frame: it starts the connection


def control(address: str, *arguments: str) -> str:
    """What `rabbitmqctl` answers about the server at `address`. Blocks; raises `ServerFailed` with its output."""
    node = f"RABBITMQ_NODENAME=rabbit{urlsplit(address).port}@localhost"
    environment: dict[str, str] = {}
    for process in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            found = process.read_bytes().decode(errors="replace").split("\0")
            if node in found:
                environment = dict(one.split("=", 1) for one in found if "=" in one)
                break
    program = _DEBIAN.with_name("rabbitmqctl")
    command = str(program) if program.exists() else "rabbitmqctl"
    done = subprocess.run([command, *arguments], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ServerFailed(done.stdout + done.stderr)
    return done.stdout


def _path() -> str:
    return f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/bin"
