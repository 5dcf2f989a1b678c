"""A PostgreSQL of the benchmarks' own. Unlike the one of the tests it writes through to the disk."""

from __future__ import annotations

import importlib
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.servers.postgresql import PostgreSQL
from tests.servers.running import Running

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from tests.servers.recipe import Place, Recipe


class SafePostgreSQL(PostgreSQL):
    """With `fsync = on`, and memory as a small server has it."""

    def prepare(self, place: Place) -> None:
        """Make its files."""
        super().prepare(place)
        with (place.folder / "data" / "postgresql.conf").open("a") as settings:
            settings.write("fsync = on\nshared_buffers = 512MB\nmax_wal_size = 4GB\n")
            settings.write("shared_preload_libraries = 'pg_stat_statements'\n")


async def connected(address: str) -> Any:
    """A connection of the driver alone, which is not typed."""
    return await importlib.import_module("asyncpg").connect(address)


async def make_database(address: str, name: str) -> None:
    """Make an empty one beside the one of ``address``."""
    connection = await connected(address)
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()


def of_database(address: str, name: str) -> str:
    """The address of another database of the same server."""
    return f"{address.rpartition('/')[0]}/{name}"


@asynccontextmanager
async def running(recipe: Recipe) -> AsyncGenerator[tuple[str, str], None]:
    """Address and version of a server that ends with the block. Raises ``Missing`` where there is none to be had."""
    version = recipe.provide()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        Path(folder).chmod(0o755)  # noqa: ASYNC240  # nothing else runs; the server does not run as we do
        server = Running(recipe, Path(folder) / "server")
        await server.start()
        try:
            yield server.address, version
        finally:
            await server.stop()
