"""PgBouncer, which gives a connection to PostgreSQL to one transaction after the other."""

from __future__ import annotations

import asyncio
import os
import shutil
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from sqlalchemy import make_url

from tests.servers import install
from tests.servers.recipe import Tool
from tests.servers.running import free_ports

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

_USER = "nobody"
_START = 15.0  # seconds

_SETTINGS = """\
[databases]
* = host={host} port={server_port} user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {connections}
"""


class PgBouncer(Tool):
    name = "pgbouncer"

    def provide(self) -> str:
        # It prints `PgBouncer 1.18.0` and what it was built with.
        return install.run([install.apt("pgbouncer", "pgbouncer"), "--version"]).split()[1]


@asynccontextmanager
async def pooler_of(address: str, folder: Path, connections: int) -> AsyncGenerator[str]:
    """The address of the database ``address`` behind a pooler of transactions with so many connections to it."""
    url = make_url(address)
    (port,) = free_ports(1)
    settings = folder / "pgbouncer.ini"
    text = _SETTINGS.format(host=url.host, server_port=url.port, user=url.username, port=port, connections=connections)
    settings.write_text(text, encoding="utf-8")
    command = [shutil.which("pgbouncer") or "pgbouncer", "--quiet", str(settings)]
    if os.geteuid() == 0:  # as root it refuses to run
        os.chmod(folder, 0o755)  # noqa: PTH101, S103  # the other user reads the settings
        command = [command[0], "--quiet", "--user", _USER, str(settings)]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(_START):
            while not await _accepts(port):  # noqa: ASYNC110  # a process does not set events of ours
                await asyncio.sleep(0.02)
        yield url.set(port=port).render_as_string(hide_password=False)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _accepts(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True
