"""An SQLite file with one row, and SQLAlchemy's own sessions over it. Nothing here imports our package."""

from __future__ import annotations

import atexit
import shutil
import sqlite3
import tempfile
from contextlib import closing
from functools import cache
from pathlib import Path

from sqlalchemy import Column, Integer, MetaData, Table, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

_NOTES = Table("notes", MetaData(), Column("id", Integer, primary_key=True), Column("stars", Integer))
SELECT = select(_NOTES.c.stars).where(_NOTES.c.id == 1)

_engines: list[AsyncEngine] = []


def new_engine() -> AsyncEngine:
    """An engine over the one file of this process; :func:`close` closes it."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{_file()}")
    _engines.append(engine)
    return engine


async def close() -> None:
    """Close every connection: their threads would keep the process from ending."""
    for engine in _engines:
        await engine.dispose()


async def statements(times: int) -> None:
    """So many statements in one transaction."""
    async with _sessions()() as session, session.begin():
        for _ in range(times):
            await session.execute(SELECT)


async def transactions(times: int) -> None:
    """So many transactions with one statement, each in a session of its own."""
    sessions = _sessions()
    for _ in range(times):
        async with sessions() as session, session.begin():
            await session.execute(SELECT)


@cache
def _sessions() -> async_sessionmaker[AsyncSession]:
    return async_sessionmaker(new_engine(), expire_on_commit=False)


@cache
def _file() -> Path:
    folder = tempfile.mkdtemp(prefix="bench-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    file = Path(folder) / "notes.db"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, stars INTEGER)")
        connection.execute("INSERT INTO notes VALUES (1, 5)")
    return file
