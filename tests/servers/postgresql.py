"""PostgreSQL: the binaries of the machine or of Debian."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import struct
from pathlib import Path
from typing import TYPE_CHECKING

from tests.servers import install
from tests.servers.recipe import Missing, Place, Recipe

if TYPE_CHECKING:
    from collections.abc import Sequence

_USER = "postgres"

# The server is killed, and never the machine under it: what it has written is there again without an fsync.
_SETTINGS = """\
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
max_connections = 200
wal_level = logical
fsync = off
"""


class PostgreSQL(Recipe):
    """One server without a password. What it has committed survives a restart."""

    name = "postgresql"
    stop_signal = signal.SIGINT  # SIGTERM would wait for every client to leave
    start_timeout = 60.0

    def __init__(self) -> None:
        self._binaries = Path()

    def provide(self) -> str:
        found = _binaries()
        if found is None:
            install.apt("postgresql", "pg_ctlcluster")
            found = _binaries()
        if found is None:
            raise Missing("PostgreSQL is installed, but no folder with its `initdb` and `postgres` was found")
        self._binaries = found
        # It prints `postgres (PostgreSQL) 15.18 (Debian …)`.
        return install.run([str(found / "postgres"), "--version"]).split()[2]

    def prepare(self, place: Place) -> None:
        data = place.folder / "data"
        data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            shutil.chown(data, _USER, _USER)
        initdb = [
            str(self._binaries / "initdb"),
            "-D",
            str(data),
            "-U",
            _USER,
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
        ]
        install.run([*_unprivileged(), *initdb], folder=place.folder)
        with (data / "postgresql.conf").open("a") as settings:
            settings.write(_SETTINGS.format(port=place.ports[0]))

    def command(self, place: Place) -> Sequence[str]:
        return [*_unprivileged(), str(self._binaries / "postgres"), "-D", str(place.folder / "data")]

    def cut(self, place: Place) -> Sequence[str]:
        # Its processes are in sessions of their own; killing the first of them would leave the others behind.
        control = [str(self._binaries / "pg_ctl"), "-D", str(place.folder / "data"), "stop", "-m", "immediate"]
        return [*_unprivileged(), *control]

    def address(self, place: Place) -> str:
        return f"postgresql://{_USER}@127.0.0.1:{place.ports[0]}/postgres"

    async def ready(self, place: Place) -> bool:
        reader, writer = await asyncio.open_connection("127.0.0.1", place.ports[0])
        with contextlib.closing(writer):
            words = b"user\0postgres\0database\0postgres\0\0"
            writer.write(struct.pack(">ii", len(words) + 8, 196608) + words)
            return await reader.readexactly(1) == b"R"  # and not E, while it starts


def _binaries() -> Path | None:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if (on_path := shutil.which("pg_config")) is not None:
        folders.insert(0, Path(install.run([on_path, "--bindir"]).strip()))
    return next((f for f in folders if (f / "initdb").exists() and (f / "postgres").exists()), None)


def _unprivileged() -> list[str]:
    """PostgreSQL refuses to run as root."""
    return ["setpriv", f"--reuid={_USER}", f"--regid={_USER}", "--init-groups"] if os.geteuid() == 0 else []
