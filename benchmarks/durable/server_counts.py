"""What the server was asked for: statements by `pg_stat_statements`, commits by `pg_stat_database`."""

from __future__ import annotations

import asyncio
import dataclasses
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from benchmarks.durable.server import connected, make_database, of_database

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

# Drivers ask for types when they connect; that is no part of the work.
_STATEMENTS = """
SELECT coalesce(sum(s.calls), 0) FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
 WHERE d.datname = $1 AND s.query !~ 'pg_catalog|pg_type'
"""
_COMMITS = "SELECT xact_commit FROM pg_stat_database WHERE datname = $1"
_CLIENTS = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend'"


@dataclasses.dataclass
class Counts:
    """Of ``messages``: ``statements`` count BEGIN and COMMIT, ``commits`` all that ended well, single reads, too."""

    messages: int
    statements: int = 0
    commits: int = 0

    def __str__(self) -> str:
        statements, commits = (1_000 * number / self.messages for number in (self.statements, self.commits))
        return f"{statements:,.1f} statements, {commits:,.1f} commits"

    def beside(self, theirs: Counts | None = None) -> str:
        """As a note, beside the counts of the peer."""
        return f"per 1,000 messages: {self}" + ("" if theirs is None else f"; the peer {theirs}")


@asynccontextmanager
async def counting(address: str, database: str, messages: int) -> AsyncGenerator[Counts, None]:
    """Count what is done in ``database`` for so many messages within the block; the numbers are there after it.

    No client may be connected to it at the beginning or stay connected at the end: it is then that a connection reports
    the last of what it did. Nothing is cleaned up meanwhile, for that would count as well.
    """
    connection = await connected(of_database(address, "counts"))
    try:
        await connection.execute("ALTER SYSTEM SET autovacuum = off")
        await connection.execute("SELECT pg_reload_conf()")
        await _alone(connection, database)
        await connection.execute("SELECT pg_stat_statements_reset()")
        before = await connection.fetchval(_COMMITS, database)
        counts = Counts(messages)
        yield counts
        await _alone(connection, database)
        counts.statements = int(await connection.fetchval(_STATEMENTS, database))
        counts.commits = int(await connection.fetchval(_COMMITS, database)) - before
    finally:
        await connection.execute("ALTER SYSTEM RESET autovacuum")
        await connection.execute("SELECT pg_reload_conf()")
        await connection.close()


async def prepare_counting(address: str) -> None:
    """Make the database to count from, once for a server."""
    await make_database(address, "counts")
    connection = await connected(of_database(address, "counts"))
    await connection.execute("CREATE EXTENSION pg_stat_statements")
    await connection.close()


async def _alone(connection: Any, database: str) -> None:
    async with asyncio.timeout(30):
        while await connection.fetchval(_CLIENTS, database):  # noqa: ASYNC110  # the server has no event for that
            await asyncio.sleep(0.01)
