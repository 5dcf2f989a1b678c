"""Engines and sessions over which a transaction would not be one are refused where they are given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import StaticPool
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import sessionmaker

import cqrs
from cqrs.errors import InvalidArgument
from tests.integration.transactions.stand import Base, Note, note

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.transactions.stand import Service

MEMORY = [
    "sqlite+aiosqlite://",
    "sqlite+aiosqlite:///:memory:",
    "sqlite+aiosqlite:///file::memory:?uri=true",
    "sqlite+aiosqlite:///file::memory:?cache=shared&uri=true",
    "sqlite+aiosqlite:///file:shop?mode=memory&cache=shared&uri=true",
]
SOMEWHERE = "postgresql+asyncpg://shop:secret@db/shop"  # no connection is opened
MAP = {"schema_translate_map": {None: "tenant"}}

TAKERS: dict[str, Callable[[Any], Any]] = {
    "a database": cqrs.Database,
    "an outbox": cqrs.SqlAlchemyOutboxedEventRepository,
    "an inbox": cqrs.SqlAlchemyInboxRepository,
    "a unit of work": cqrs.SqlAlchemyUnitOfWork,
}


@pytest.mark.parametrize("address", [*MEMORY, "sqlite://", "sqlite:///:memory:"])
def test_the_address_of_a_database_in_memory_is_refused(address: str) -> None:
    with pytest.raises(InvalidArgument, match=r"use a file, .*MemoryDatabase") as caught:
        cqrs.Database(address)
    assert caught.value.argument == "source"


@pytest.mark.filterwarnings("ignore:Selection of the StaticPool")
@pytest.mark.parametrize("address", MEMORY)
def test_an_engine_in_memory_is_refused(address: str) -> None:
    with pytest.raises(InvalidArgument, match="MemoryDatabase"):
        cqrs.Database(create_async_engine(address))


@pytest.mark.parametrize("taker", TAKERS.values(), ids=TAKERS)
def test_a_pool_of_one_connection_is_refused(taker: Callable[[Any], Any]) -> None:
    for engine in (create_async_engine(MEMORY[0]), create_async_engine(SOMEWHERE, poolclass=StaticPool)):
        with pytest.raises(InvalidArgument, match="one connection for everything"):
            taker(async_sessionmaker(engine))
        if taker is not cqrs.Database:
            with pytest.raises(InvalidArgument, match="one connection for everything"):
                taker(sessionmaker(engine, class_=AsyncSession))  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]


async def test_an_unfit_engine_behind_a_function_is_refused_at_its_first_use() -> None:
    engine = create_async_engine(MEMORY[0])
    outbox = cqrs.SqlAlchemyOutboxedEventRepository(lambda: AsyncSession(engine))
    with pytest.raises(InvalidArgument, match="one connection for everything"):
        async with outbox as session:
            await session.flush()
    with pytest.raises(InvalidArgument, match="one connection for everything"):
        outbox.queue()


def translated(engine: AsyncEngine) -> list[Any]:
    other = engine.execution_options(**MAP)
    return [async_sessionmaker(other), AsyncSession(other)]


@pytest.mark.parametrize("taker", TAKERS.values(), ids=TAKERS)
def test_a_translation_of_schemas_is_refused(taker: Callable[[Any], Any]) -> None:
    for given in translated(create_async_engine(SOMEWHERE)):
        if taker is cqrs.Database and isinstance(given, AsyncSession):
            continue
        if taker is cqrs.SqlAlchemyInboxRepository and isinstance(given, AsyncSession):
            continue
        with pytest.raises(InvalidArgument, match=r"Database\(engine, schema=") as caught:
            taker(given)
        assert "secret" not in f"{caught.value!r}"
    with pytest.raises(InvalidArgument, match=r"Database\(engine, schema="):
        cqrs.Database(create_async_engine(SOMEWHERE).execution_options(**MAP))


async def test_a_connection_that_translates_schemas_is_refused(stand: Service) -> None:
    async with stand.engine.connect() as connection:
        session = AsyncSession(await connection.execution_options(**MAP))
        with pytest.raises(InvalidArgument, match=r"Database\(engine, schema="):
            cqrs.SqlAlchemyUnitOfWork(session)


@pytest.mark.parametrize("taker", TAKERS.values(), ids=TAKERS)
def test_sessions_over_several_engines_are_refused(taker: Callable[[Any], Any]) -> None:
    engine = create_async_engine(SOMEWHERE)
    with pytest.raises(InvalidArgument, match="a Database for each"):
        taker(async_sessionmaker(engine, binds={Note: engine}))


async def test_sessions_over_several_engines_that_a_function_makes_are_refused_at_their_first_use() -> None:
    engine = create_async_engine(SOMEWHERE)
    outbox = cqrs.SqlAlchemyOutboxedEventRepository(lambda: AsyncSession(engine, binds={Note: engine}))
    with pytest.raises(InvalidArgument, match="a Database for each"):
        async with outbox as session:
            await session.flush()


async def test_one_session_in_memory_may_be_brought_to_a_unit_of_work() -> None:
    """Tests do so. No other transaction is on its connection; if one is, the unit notices."""
    engine = create_async_engine(MEMORY[0])
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with AsyncSession(engine) as session:
        async with cqrs.SqlAlchemyUnitOfWork(session):
            await note(session, "one")
        assert (await session.get_one(Note, 1)).what == "one"
    await engine.dispose()


def test_an_engine_over_a_file_is_taken(tmp_path: Any) -> None:
    for name in (f"{tmp_path}/shop.db", f"file:{tmp_path}/shop.db?uri=true"):
        assert cqrs.Database(create_async_engine(f"sqlite+aiosqlite:///{name}")).name
