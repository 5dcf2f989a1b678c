"""Errors of the database that end a turn: they say what to change."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import create_async_engine

import cqrs
from cqrs.errors import TransactionEnded, UnitOfWorkStateError
from tests.helpers.errors import Deliberate
from tests.integration.transactions.stand import REGISTRY, Base, Run, elsewhere, engine_at

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.integration.transactions.stand import Service


SLOW = """
select count(*)
from information_schema.columns a, information_schema.columns b, information_schema.columns c
where a.column_name <> b.column_comment and sleep(1) = 0
"""


def notes_of(error: BaseException) -> str:
    return " ".join(getattr(error, "__notes__", ()))


async def test_an_exhausted_pool_is_reported(address: str, stand: Service) -> None:
    engine = engine_at(address, pool_size=1, max_overflow=0, pool_timeout=0.1)
    db = cqrs.Database(engine, metadata=Base.metadata, registry=REGISTRY)
    mediator = stand.bootstrap(db)

    async def second() -> None:
        await db.session.execute(text("select 1"))

    async with db.transaction() as session:
        await session.execute(text("select 1"))
        with pytest.raises(PoolTimeout) as caught:
            await elsewhere(mediator.send(Run(second)))
    await engine.dispose()
    assert "pool_size" in notes_of(caught.value)


async def test_a_statement_that_takes_too_long_is_reported_on_postgresql(
    postgres_url: str, postgres_stand: Service
) -> None:
    engine = create_async_engine(postgres_url, connect_args={"server_settings": {"statement_timeout": "50"}})
    await _too_long(postgres_stand, engine, "select pg_sleep(30)", "statement_timeout")


async def test_a_statement_that_takes_too_long_is_reported_on_mariadb(mariadb_url: str, mariadb_stand: Service) -> None:
    engine = create_async_engine(mariadb_url, connect_args={"init_command": "set session max_statement_time = 0.05"})
    await _too_long(mariadb_stand, engine, SLOW, "max_statement_time")


async def _too_long(stand: Service, engine: Any, statement: str, setting: str) -> None:
    db = cqrs.Database(engine, metadata=Base.metadata, registry=REGISTRY)

    async def work() -> None:
        await db.session.execute(text(statement))

    with pytest.raises(DBAPIError) as caught:
        await stand.bootstrap(db).send(Run(work))
    await engine.dispose()
    assert setting in notes_of(caught.value)


@pytest.fixture
async def hasty(sqlite_url: str, sqlite_stand: Service) -> AsyncIterator[cqrs.Database]:
    """A database of the service that waits for no lock."""
    engine = create_async_engine(sqlite_url, connect_args={"timeout": 0})
    yield cqrs.Database(engine, metadata=Base.metadata, registry=REGISTRY)
    await engine.dispose()


async def test_a_locked_database_is_reported(sqlite_stand: Service, hasty: cqrs.Database) -> None:
    async def work() -> None:
        await hasty.session.execute(text("insert into notes (what) values ('lost')"))

    async with sqlite_stand.db.transaction():
        await sqlite_stand.write("one")
        with pytest.raises(OperationalError, match="locked") as caught:
            await elsewhere(sqlite_stand.bootstrap(hasty).send(Run(work)))
    assert "write lock" in notes_of(caught.value)
    assert "turn waits for itself" in notes_of(caught.value)
    assert await sqlite_stand.notes() == ["one"]


async def test_a_second_engine_over_the_file_within_one_turn_does_not_wait(
    sqlite_stand: Service, hasty: cqrs.Database
) -> None:
    async def work() -> None:
        await sqlite_stand.write("undone")
        async with hasty.engine.begin() as connection:
            await connection.execute(text("insert into notes (what) values ('lost')"))

    with pytest.raises((UnitOfWorkStateError, OperationalError)) as caught:
        await sqlite_stand.send(work)
    assert "transaction" in f"{caught.value} {notes_of(caught.value)}"
    assert await sqlite_stand.notes() == []


SLEEP = {
    "postgresql": "select pg_sleep(30)",
    "mariadb": "select sleep(30)",
    "sqlite": "with recursive c (n) as (select 1 union all select n + 1 from c) select count(*) from c where n > 0",
}


@pytest.mark.parametrize("goes_on", [False, True])
async def test_an_interrupted_statement_whose_error_was_caught_ends_the_transaction(
    server_stand: Service, *, goes_on: bool
) -> None:
    stand = server_stand

    async def work() -> str:
        await stand.write("undone")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.1):
                await stand.db.session.execute(text(SLEEP[stand.kind]))
        if goes_on:
            await stand.write("undone too")
        return "done"

    with (
        pytest.raises(TransactionEnded, match=r"asyncio.timeout\(\)")
        if goes_on
        else pytest.raises(UnitOfWorkStateError)
    ):
        await stand.send(work)
    assert await stand.notes() == []
    await stand.send(stand.writes("one"))
    assert await stand.notes() == ["one"]


async def test_an_interrupted_statement_ends_the_turn(server_stand: Service) -> None:
    stand = server_stand

    async def work() -> None:
        await stand.write("undone")
        async with asyncio.timeout(0.1):
            await stand.db.session.execute(text(SLEEP[stand.kind]))

    with pytest.raises(TimeoutError):
        await stand.send(work)
    assert await stand.notes() == []


async def test_a_turn_that_is_cancelled_is_undone_and_gives_its_connection_back(address: str, stand: Service) -> None:
    engine = engine_at(address, pool_size=1, max_overflow=0)
    db = cqrs.Database(engine, metadata=Base.metadata, registry=REGISTRY)
    begun = asyncio.Event()

    async def work() -> None:
        await db.session.execute(text("insert into notes (what) values ('undone')"))
        begun.set()
        await asyncio.Event().wait()

    mediator = stand.bootstrap(db)
    task = asyncio.create_task(mediator.send(Run(work)))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with db.transaction() as session:
        await session.execute(text("insert into notes (what) values ('one')"))
    await engine.dispose()
    assert await stand.notes() == ["one"]


async def test_a_failed_statement_whose_error_was_caught_commits_nothing_on_postgresql(postgres_stand: Service) -> None:
    stand = postgres_stand

    async def work() -> str:
        await stand.write("undone")
        try:
            await stand.db.session.execute(text("select nothing"))
        except DBAPIError:
            return "done"
        raise AssertionError

    with pytest.raises(UnitOfWorkStateError, match="A statement of this unit of work has failed"):
        await stand.send(work)
    assert await stand.notes() == []


async def test_an_error_of_the_handler_has_no_note_of_ours(stand: Service) -> None:
    with pytest.raises(Deliberate) as caught:
        await stand.send(stand.fails("undone"))
    assert notes_of(caught.value) == ""
