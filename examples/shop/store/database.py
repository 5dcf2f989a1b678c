"""A connection to SQLite, as the rest of the shop sees it."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiosqlite

_SCHEMA = Path(__file__).with_name("schema.sql")

Row = dict[str, Any]


@dataclass(frozen=True)
class DatabaseFile:
    """Where the shop keeps its books."""

    path: Path

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator[None, None]:
        """Within the block the tables exist, and on the first day the shelves are filled."""
        async with aiosqlite.connect(self.path) as connection:
            # Readers then go on reading while somebody writes. The file remembers it.
            await connection.execute("PRAGMA journal_mode = WAL")
            await connection.executescript(_SCHEMA.read_text(encoding="utf-8"))
            # This connection stays open: with the last one SQLite would clear its log away, after every request.
            yield


class Database:
    """One connection. It serves one request, so its transaction is that of the request."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def run(self, sql: str, **values: Any) -> None:
        """Execute one statement."""
        await self.insert(sql, **values)

    async def insert(self, sql: str, **values: Any) -> int:
        """Insert one row; the answer is its id."""
        async with self._connection.execute(sql, values) as cursor:
            return cursor.lastrowid or 0

    async def rows(self, sql: str, **values: Any) -> list[Row]:
        """Every row that a query finds."""
        async with self._connection.execute(sql, values) as cursor:
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) async for row in cursor]

    async def row(self, sql: str, **values: Any) -> Row | None:
        """The first row that a query finds."""
        rows = await self.rows(sql, **values)
        return rows[0] if rows else None

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[None, None]:
        """Commits what is written within the block, or undoes it if the block raises."""
        # IMMEDIATE takes the right to write before the first read: nothing that was read can change before the commit.
        await self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            await self._connection.rollback()
            raise
        await self._connection.commit()


async def connect(file: DatabaseFile) -> AsyncIterator[Database]:
    """Opens a connection for one request, and closes it when the request is over."""
    # isolation_level=None: sqlite3 begins no transaction of its own accord.
    async with aiosqlite.connect(file.path, isolation_level=None) as connection:
        await connection.execute("PRAGMA busy_timeout = 5000")
        await connection.execute("PRAGMA foreign_keys = ON")
        yield Database(connection)
