"""A database as the conformance suites see it."""

from __future__ import annotations

import asyncio
from contextvars import Context
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Integer, MetaData, Table, insert, select, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from cqrs.leases.sqlalchemy.tables import lease_metadata
from cqrs.outbox.sqlalchemy.repository import SqlAlchemyOutboxedEventRepository, outbox_model
from cqrs.unit_of_work.sqlalchemy.unit import SqlAlchemyUnitOfWork

if TYPE_CHECKING:
    from cqrs.unit_of_work import UnitOfWork

METADATA = MetaData()
NUMBERS = Table("numbers", METADATA, Column("number", Integer, primary_key=True, autoincrement=False))


class SqlBackend:
    """Units of work and outboxes over one engine."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.sessions = async_sessionmaker(engine, expire_on_commit=False)
        self.concurrent_writers = engine.dialect.name != "sqlite"

    async def create(self) -> None:
        async with self.engine.begin() as connection:
            await connection.run_sync(METADATA.create_all)
            await connection.run_sync(outbox_model("outbox").metadata.create_all)
            await connection.run_sync(lease_metadata.create_all)

    def unit_of_work(self) -> SqlAlchemyUnitOfWork:
        return SqlAlchemyUnitOfWork(self.sessions)

    async def write(self, unit: UnitOfWork, number: int) -> None:
        await unit.session.execute(insert(NUMBERS).values(number=number))

    async def written(self) -> list[int]:
        async with self.sessions() as session:
            return list(await session.scalars(select(NUMBERS.c.number).order_by(NUMBERS.c.number)))

    async def break_commit(self, unit: UnitOfWork) -> None:
        await BREAKERS[self.engine.dialect.name](self.engine, unit.session)

    def repository(self, compressor: Any = None, **options: Any) -> SqlAlchemyOutboxedEventRepository:
        return SqlAlchemyOutboxedEventRepository(self.sessions, compressor, **options)


async def _end_connection(engine: AsyncEngine, session: AsyncSession, own: str, end: str) -> None:
    await session.flush()
    connection: int = await session.scalar(text(own))  # type: ignore[assignment]  # it always has one

    async def end_it() -> None:
        async with engine.connect() as other:
            await other.execute(text(end.format(connection)))

    await asyncio.create_task(end_it(), context=Context())  # as another process would


async def _on_postgresql(engine: AsyncEngine, session: AsyncSession) -> None:
    await _end_connection(engine, session, "select pg_backend_pid()", "select pg_terminate_backend({})")


async def _on_mariadb(engine: AsyncEngine, session: AsyncSession) -> None:
    await _end_connection(engine, session, "select connection_id()", "kill {}")


async def _on_sqlite(engine: AsyncEngine, session: AsyncSession) -> None:
    """A foreign key that is looked at when the transaction is committed, and points nowhere."""
    del engine
    await session.execute(text("pragma defer_foreign_keys = on"))
    await session.execute(text("insert into children values (1, 99)"))


BREAKERS = {"postgresql": _on_postgresql, "mysql": _on_mariadb, "mariadb": _on_mariadb, "sqlite": _on_sqlite}
