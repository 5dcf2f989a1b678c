"""A task that is cancelled while it reads from SQLite leaves no lock behind."""

from __future__ import annotations

import asyncio
import gc
import sqlite3
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from cqrs.outbox.sqlalchemy import repository as outbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def without_garbage_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


async def read_for_ever(sessions: async_sessionmaker[AsyncSession], connected: asyncio.Event) -> None:
    while True:
        async with sessions() as session:
            await session.connection()
            connected.set()
            await session.execute(text("SELECT number FROM numbers"))


def write(file: Path) -> None:
    with sqlite3.connect(file, timeout=10) as connection:  # the thread may still be at it
        connection.execute("INSERT INTO numbers VALUES (9)")
    connection.close()


@pytest.mark.usefixtures("without_garbage_collection")
async def test_a_read_that_is_cancelled_blocks_no_writer(tmp_path: Path) -> None:
    assert outbox  # this is what takes care of it
    file = tmp_path / "numbers.db"
    engine = create_async_engine(f"sqlite+aiosqlite:///{file}")
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE numbers (number INTEGER)"))
        await connection.execute(text("INSERT INTO numbers VALUES (1), (2), (3)"))
    for tick in range(40):
        connected = asyncio.Event()
        reading = asyncio.create_task(read_for_ever(async_sessionmaker(engine), connected))
        # A task cancelled before that leaves a connection to the driver, which does not close it.
        await connected.wait()
        await asyncio.sleep(tick / 8_000)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        await asyncio.to_thread(write, file)
    await engine.dispose()
