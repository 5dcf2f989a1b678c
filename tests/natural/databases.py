"""A fresh database for each program, and what is in it afterwards, seen from a connection of its own."""

from __future__ import annotations

import dataclasses
import json
import shutil
import sqlite3
import time
import uuid
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import event, insert, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

import cqrs
from cqrs.inbox.sqlalchemy.tables import inbox_tables
from cqrs.outbox.sqlalchemy.model import outbox_model
from tests.natural.messages import REGISTRY, TAKEN, Base, Row, Taken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Table

INBOX = inbox_tables()
OUTBOX: Any = outbox_model("outbox")
_TABLES: list[Table] = [
    Row.__table__,  # type: ignore[list-item]
    Taken.__table__,  # type: ignore[list-item]
    OUTBOX.__table__,
    INBOX.marks,
    INBOX.sequences,
    INBOX.parked,
]

_COLUMNS = [("name", "effects"), ("body", "outbox"), ("message_id", "inbox"), ("message_id", "inbox_parked")]


@dataclasses.dataclass
class Found:
    """What is in a database."""

    rows: Counter[str]
    messages: Counter[str]
    marks: set[str]
    parked: set[str]


class Source(Protocol):
    """Gives out fresh databases of one kind."""

    name: str

    async def fresh(self) -> AsyncEngine: ...

    async def used(self, engine: AsyncEngine) -> None: ...


def engine_of(address: str, **options: Any) -> AsyncEngine:
    if not address.startswith("sqlite"):
        return create_async_engine(address, **options)
    engine = create_async_engine(address, connect_args={"timeout": 0.2}, **options)

    @event.listens_for(engine.sync_engine, "connect")
    def _(connection: Any, _record: Any) -> None:
        connection.create_function("sleep", 1, time.sleep)

    return engine


class SqliteFiles:
    """Copies of one file."""

    name = "SQLite"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._made = 0

    async def fresh(self) -> AsyncEngine:
        self.folder.mkdir(exist_ok=True)
        template = self.folder / "template.db"
        if not template.exists():
            await fill(f"sqlite+aiosqlite:///{template}")
        self._made += 1
        copy = self.folder / f"{self._made}.db"
        shutil.copyfile(template, copy)
        return engine_of(f"sqlite+aiosqlite:///{copy}")

    async def used(self, engine: AsyncEngine) -> None:
        """Drop it: it is not needed any more."""
        if engine.url.database:
            for path in Path(engine.url.database).parent.glob(f"{Path(engine.url.database).name}*"):
                path.unlink()


class ServerDatabase:
    """One database of a server, emptied again and again."""

    def __init__(self, name: str, address: str) -> None:
        self.name = name
        self._address = address
        self._filled = False

    async def fresh(self) -> AsyncEngine:
        if not self._filled:
            await fill(self._address)
            self._filled = True
        await self._empty()
        return engine_of(self._address)

    async def _empty(self) -> None:
        engine = create_async_engine(self._address, poolclass=NullPool)
        async with engine.begin() as connection:
            for table in _TABLES:
                await connection.execute(table.delete())
            await connection.execute(insert(Taken).values(name=TAKEN))
        await engine.dispose()

    async def used(self, engine: AsyncEngine) -> None: ...


async def fill(address: str) -> None:
    """Make all tables."""
    async with cqrs.Database(address, metadata=Base.metadata, registry=REGISTRY) as db:
        await db.upgrade()
        await db.create_all()
        async with db.transaction() as session:
            session.add(Taken(name=TAKEN))


NOTHING = Found(Counter(), Counter(), set(), set())


async def look(engine: AsyncEngine) -> Found:
    """What others see in the database of `engine`."""
    if engine.dialect.name == "sqlite":
        with closing(sqlite3.connect(str(engine.url.database), timeout=10)) as file:
            return _found([file.execute(str(statement)).fetchall() for statement in _QUESTIONS])
    mine = create_async_engine(engine.url, poolclass=NullPool)
    async with mine.connect() as connection:
        answers = [(await connection.execute(statement)).all() for statement in _QUESTIONS]
    await mine.dispose()
    return _found(answers)


_QUESTIONS = [text(f"select {column} from {table}") for column, table in _COLUMNS]  # noqa: S608  # names from here


def _found(answers: Sequence[Sequence[Any]]) -> Found:
    rows, bodies, marks, parked = ([row[0] for row in answer] for answer in answers)
    told = Counter(json.loads(bytes(body))["payload"] for body in bodies)
    return Found(Counter(rows), told, set(map(_id, marks)), set(map(_id, parked)))


def _id(stored: Any) -> str:
    return str(uuid.UUID(bytes=bytes(stored)) if isinstance(stored, bytes | memoryview) else stored)
