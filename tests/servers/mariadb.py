"""MariaDB: the binaries of the machine or of Debian."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
from typing import TYPE_CHECKING

from tests.servers import install
from tests.servers.recipe import Place, Recipe

if TYPE_CHECKING:
    from collections.abc import Sequence

_HANDSHAKE = 10  # the version of its protocol, the first byte that it sends


class MariaDB(Recipe):
    """One server whose root has no password. What it has committed survives a restart."""

    name = "mariadb"
    start_timeout = 60.0

    def __init__(self) -> None:
        self._server = self._installer = ""

    def provide(self) -> str:
        self._server = shutil.which("mariadbd", path=_path()) or install.apt("mariadb-server", "mariadbd")
        self._installer = shutil.which("mariadb-install-db", path=_path()) or "mariadb-install-db"
        found = re.search(r"Ver ([\d.]+)", install.run([self._server, "--version"]))
        return found[1] if found else "unknown"

    def prepare(self, place: Place) -> None:
        data = place.folder / "data"
        data.mkdir(mode=0o700)
        if _user():
            shutil.chown(data, "mysql", "mysql")
        options = [f"--datadir={data}", "--auth-root-authentication-method=normal", "--skip-test-db", *_user()]
        install.run([self._installer, "--no-defaults", *options])

    def command(self, place: Place) -> Sequence[str]:
        data = place.folder / "data"
        options = {
            "datadir": data,
            "socket": data / "socket",
            "pid-file": data / "pid",
            "port": place.ports[0],
            "bind-address": "127.0.0.1",
            "character-set-server": "utf8mb4",
            # The server is killed, and never the machine under it.
            "innodb-flush-log-at-trx-commit": 2,
        }
        return [self._server, "--no-defaults", *(f"--{name}={value}" for name, value in options.items()), *_user()]

    def address(self, place: Place) -> str:
        return f"mariadb://root@127.0.0.1:{place.ports[0]}/mysql"

    async def ready(self, place: Place) -> bool:
        reader, writer = await asyncio.open_connection("127.0.0.1", place.ports[0])
        with contextlib.closing(writer):
            return (await reader.readexactly(5))[4] == _HANDSHAKE


def _user() -> list[str]:
    return ["--user=mysql"] if os.geteuid() == 0 else []


def _path() -> str:
    return os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"])
