"""A database with an inbox, an outbox and a table of effects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine

from cqrs.inbox.sqlalchemy.repository import SqlAlchemyInboxRepository, inbox_tables
from cqrs.outbox.sqlalchemy.model import outbox_model
from cqrs.unit_of_work import current_unit_of_work
from cqrs.unit_of_work.sqlalchemy.unit import SqlAlchemyUnitOfWork

if TYPE_CHECKING:
    from typing import Any

METADATA = MetaData()
EFFECTS = Table(
    "effects",
    METADATA,
    Column("id", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True),
    Column("what", String(100)),
)


class Database:
    """Units of work, inboxes and effects over one engine."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.sessions = async_sessionmaker(engine, expire_on_commit=False)

    @property
    def address(self) -> str:
        return self.engine.url.render_as_string(hide_password=False)

    async def create(self) -> None:
        async with self.engine.begin() as connection:
            await connection.run_sync(METADATA.create_all)
            await connection.run_sync(inbox_tables().create_all)
            await connection.run_sync(outbox_model("outbox").metadata.create_all)

    def unit_of_work(self) -> SqlAlchemyUnitOfWork:
        return SqlAlchemyUnitOfWork(self.sessions)

    def inbox(self) -> SqlAlchemyInboxRepository:
        return SqlAlchemyInboxRepository(self.sessions)

    async def effects(self) -> list[str]:
        async with self.sessions() as session:
            return list(await session.scalars(select(EFFECTS.c.what).order_by(EFFECTS.c.id)))


def engine_of(address: str, **options: Any) -> AsyncEngine:
    """An engine as users make them; on SQLite writers wait for each other."""
    if address.startswith("sqlite"):
        return create_async_engine(address, connect_args={"timeout": 60}, **options)
    return create_async_engine(address, **options)


async def effect(what: str) -> None:
    """What a handler does: a row in the open unit of work."""
    unit = current_unit_of_work()
    assert unit is not None
    await unit.session.execute(insert(EFFECTS).values(what=what))
