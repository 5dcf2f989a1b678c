"""An outbox in a PostgreSQL database of the test, and other processes that fill it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine

import cqrs
from cqrs.leases.sqlalchemy.tables import leases
from cqrs.outbox.sqlalchemy.model import outbox_model
from tests.helpers.events import REGISTRY, numbered

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from sqlalchemy import URL

    from tests.integration.postgresql_log.stand import LogOutbox


def libpq_words(url: URL) -> dict[str, Any]:
    """The address in ``url`` in the words of libpq."""
    return dict(url.translate_connect_args(username="user", database="dbname"))


class Database:
    """What tests do in a database."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.engine: AsyncEngine = create_async_engine(address)
        self.sessions = async_sessionmaker(self.engine)

    def outbox(self, **options: Any) -> cqrs.SqlAlchemyOutboxedEventRepository:
        return cqrs.SqlAlchemyOutboxedEventRepository(self.sessions, registry=REGISTRY, **options)

    async def create(self) -> None:
        async with self.engine.begin() as connection:
            await connection.run_sync(outbox_model("outbox").metadata.create_all)
            await connection.run_sync(leases.metadata.create_all)

    async def run(self, statement: str) -> Any:
        async with self.engine.begin() as connection:
            result = await connection.execute(text(statement))
            return result.all() if result.returns_rows else None

    def elsewhere(self) -> Database:
        """The same database as another process sees it, which shares no memory with this one."""
        url = make_url(self.address)
        url = url.update_query_dict({"command_timeout": str(300 + len(url.query))})
        return Database(url.render_as_string(hide_password=False))

    @asynccontextmanager
    async def another(self) -> AsyncGenerator[Database, None]:
        other = self.elsewhere()
        yield other
        await other.engine.dispose()


async def fill(outbox: Any, *numbers: int) -> None:
    async with outbox as session:
        for number in numbers:
            outbox.add(session, numbered(number))
        await outbox.commit(session)


@pytest.fixture
async def database(postgres_url: str) -> AsyncIterator[Database]:
    database = Database(postgres_url)
    await database.create()
    yield database
    await database.engine.dispose()


@pytest.fixture
async def stranger(database: Database) -> AsyncIterator[Database]:
    async with database.another() as stranger:
        yield stranger


@pytest.fixture
async def stand(database: Database) -> AsyncIterator[LogOutbox]:
    from tests.integration.postgresql_log.stand import stand_on  # noqa: PLC0415  # it needs what is above

    async with stand_on(database) as stand:
        yield stand
