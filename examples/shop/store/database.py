"""The database of the shop: one file."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, event, select
from sqlalchemy.ext.asyncio import create_async_engine

import cqrs
from examples.shop.store.tables import Base, ProductRow

FIRST_DAY = [
    ("TEAPOT", "Cast-iron teapot", 6490, 60),
    ("MUG", "Stoneware mug", 1450, 400),
    ("SENCHA", "Sencha, 100 g", 1190, 500),
    ("ASSAM", "Assam, 250 g", 990, 500),
    ("HONEY", "Heather honey", 780, 300),
    ("GYOKURO", "Gyokuro, 100 g", 4200, 5),
]
"""What is on the shelves then: its name, its price, how many."""


def database_in(path: Path) -> cqrs.Database:
    """The database in the SQLite file ``path``. It gives out the session of the open transaction."""
    engine = create_async_engine(URL.create("sqlite+aiosqlite", database=str(path)))
    event.listen(engine.sync_engine, "connect", _prepare)
    return cqrs.Database(engine, metadata=Base.metadata)


@asynccontextmanager
async def opened(database: cqrs.Database) -> AsyncGenerator[None, None]:
    """Within the block the tables exist, and on the first day the shelves are filled."""
    try:
        await database.create_all()
        async with database.transaction() as session:
            if (await session.scalars(select(ProductRow).limit(1))).first() is None:
                columns = ("sku", "name", "price_cents", "stock")
                session.add_all(ProductRow(**dict(zip(columns, product, strict=True))) for product in FIRST_DAY)
        yield
    finally:
        await database.engine.dispose()


def _prepare(connection: Any, _: object) -> None:
    # Readers then go on reading while somebody writes.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA foreign_keys = ON")
