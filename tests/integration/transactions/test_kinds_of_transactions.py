"""Isolation level and read-only, per command and per block, as the database sees them."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import cqrs
from cqrs.errors import InvalidArgument, SecondTransaction, UnitOfWorkStateError
from cqrs.unit_of_work import current_unit_of_work
from tests.helpers.errors import Deliberate
from tests.integration.transactions.stand import Run, bind, elsewhere

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.integration.transactions.stand import Service

LEVEL = {
    "postgresql": "select current_setting('transaction_isolation')",
    "mariadb": (
        "select trx_isolation_level from information_schema.innodb_trx where trx_mysql_thread_id = connection_id()"
    ),
}


@cqrs.transaction_options(isolation_level="SERIALIZABLE")
@dataclasses.dataclass(frozen=True)
class Strict(cqrs.DCRequest[Any]):
    work: Callable[[], Awaitable[Any]]


@cqrs.transaction_options(isolation_level="REPEATABLE READ")
@dataclasses.dataclass(frozen=True)
class Repeatable(cqrs.DCRequest[Any]):
    work: Callable[[], Awaitable[Any]]


@cqrs.transaction_options(read_only=True)
@dataclasses.dataclass(frozen=True)
class Reading(cqrs.DCRequest[Any]):
    work: Callable[[], Awaitable[Any]]


async def strict(request: Strict) -> Any:
    return await request.work()


async def repeatable(request: Repeatable) -> Any:
    return await request.work()


async def reading(request: Reading) -> Any:
    return await request.work()


def bind_all(requests: cqrs.RequestMap) -> None:
    bind(requests)
    requests.bind(Strict, strict)
    requests.bind(Repeatable, repeatable)
    requests.bind(Reading, reading)


@pytest.fixture
def mediator(stand: Service) -> cqrs.RequestMediator:
    return stand.bootstrap(commands_mapper=bind_all)


async def level(stand: Service) -> str:
    """That of the open transaction, as the database reports it."""
    found = None
    while found is None:  # MariaDB shows a transaction some milliseconds after its first statement
        await stand.db.session.execute(text("select count(*) from notes"))
        found = await stand.db.session.scalar(text(LEVEL[stand.kind]))
        await asyncio.sleep(0.0 if found else 0.15)
    return str(found).upper().replace("-", " ")


@pytest.mark.parametrize(
    ("request_type", "expected"),
    [(Strict, "SERIALIZABLE"), (Repeatable, "REPEATABLE READ")],
    ids=["strict", "repeatable"],
)
async def test_a_command_has_the_level_of_its_class(server_stand: Service, request_type: Any, expected: str) -> None:
    stand = server_stand

    async def work() -> str:
        await stand.write("one")
        return await level(stand)

    mediator = stand.bootstrap(commands_mapper=bind_all)
    assert await mediator.send(request_type(work)) == expected
    assert await stand.notes() == ["one"]


async def test_the_next_turn_has_the_level_of_the_engine_again(postgres_stand: Service) -> None:
    stand = postgres_stand
    mediator = stand.bootstrap(commands_mapper=bind_all)
    await mediator.send(Strict(lambda: level(stand)))
    assert await mediator.send(Run(lambda: level(stand))) == "READ COMMITTED"


async def test_a_block_has_the_level_that_it_asks_for(server_stand: Service) -> None:
    stand = server_stand
    async with stand.db.transaction(isolation_level="SERIALIZABLE"):
        await stand.write("one")
        assert await level(stand) == "SERIALIZABLE"


async def test_a_separate_transaction_has_the_level_that_it_asks_for(server_stand: Service) -> None:
    stand = server_stand

    async def work() -> str:
        async with stand.db.separate_transaction(isolation_level="SERIALIZABLE"):
            await stand.write("beside")
            return await level(stand)

    assert await stand.send(work) == "SERIALIZABLE"


async def test_a_database_from_a_url_reads_what_is_committed(server_stand: Service) -> None:
    address = server_stand.engine.url.render_as_string(hide_password=False)
    async with cqrs.Database(address) as db, db.transaction() as session:
        await session.execute(text("insert into notes (what) values ('one')"))
        found = str(await session.scalar(text(LEVEL[server_stand.kind])))
    assert found.upper() == "READ COMMITTED"
    assert await server_stand.notes() == ["one"]


@pytest.mark.parametrize("asked", ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"])
async def test_sqlite_takes_every_level_for_the_one_it_has(sqlite_stand: Service, asked: str) -> None:
    async with sqlite_stand.db.transaction(isolation_level=asked):
        await sqlite_stand.write("one")
    assert await sqlite_stand.notes() == ["one"]


async def test_a_command_that_reads_only_cannot_write(stand: Service, mediator: cqrs.RequestMediator) -> None:
    refused = UnitOfWorkStateError if stand.kind == "sqlite" else DBAPIError
    with pytest.raises(refused, match=r"(?i)read.?only"):
        await mediator.send(Reading(stand.writes("lost")))
    assert await stand.notes() == []


async def test_a_command_that_reads_only_reads(stand: Service, mediator: cqrs.RequestMediator) -> None:
    await mediator.send(Run(stand.writes("one")))

    async def work() -> list[str]:
        return list(await stand.db.session.scalars(text("select what from notes")))

    assert await mediator.send(Reading(work)) == ["one"]


async def test_its_connection_writes_again_in_the_next_turn(stand: Service, mediator: cqrs.RequestMediator) -> None:
    async def work() -> None:
        await stand.db.session.execute(text("select 1"))

    for number in range(3):
        await mediator.send(Reading(work))
        await mediator.send(Run(stand.writes(str(number))))
    assert await stand.notes() == ["0", "1", "2"]


async def test_its_connection_writes_again_after_a_turn_that_failed(
    stand: Service, mediator: cqrs.RequestMediator
) -> None:
    with pytest.raises(UnitOfWorkStateError if stand.kind == "sqlite" else DBAPIError):
        await mediator.send(Reading(stand.writes("lost")))
    await mediator.send(Run(stand.writes("one")))
    assert await stand.notes() == ["one"]


async def test_a_nested_turn_that_was_undone_does_not_make_a_reading_transaction_write(
    stand: Service, mediator: cqrs.RequestMediator
) -> None:
    async def inner() -> None:
        await stand.db.session.execute(text("select 1"))
        raise Deliberate

    async def work() -> None:
        with pytest.raises(Deliberate):
            await mediator.send(Run(inner))
        await stand.write("lost")

    refused = UnitOfWorkStateError if stand.kind == "sqlite" else DBAPIError
    with pytest.raises(refused, match=r"(?i)read.?only"):
        await mediator.send(Reading(work))
    assert await stand.notes() == []


async def test_on_sqlite_a_turn_that_reads_does_not_wait_for_one_that_writes(sqlite_stand: Service) -> None:
    stand = sqlite_stand
    mediator = stand.bootstrap(commands_mapper=bind_all)
    async with stand.db.transaction():
        await stand.write("one")
        found = await elsewhere(mediator.send(Reading(lambda: _count(stand))))
    assert found == 0


async def test_a_nested_command_of_another_level_raises(stand: Service, mediator: cqrs.RequestMediator) -> None:
    async def work() -> None:
        await stand.write("undone")
        await mediator.send(Strict(stand.writes("lost")))

    with pytest.raises(SecondTransaction, match="SERIALIZABLE"):
        await mediator.send(Run(work))
    assert await stand.notes() == []


async def test_a_nested_block_of_another_level_raises(stand: Service) -> None:
    async def work() -> None:
        async with stand.db.transaction(isolation_level="SERIALIZABLE"):
            raise AssertionError

    with pytest.raises(SecondTransaction, match="outermost"):
        await stand.send(work)


async def test_a_nested_command_of_the_same_level_joins(stand: Service, mediator: cqrs.RequestMediator) -> None:
    async def work() -> None:
        await mediator.send(Strict(stand.writes("one")))
        await mediator.send(Run(stand.writes("two")))

    await mediator.send(Strict(work))
    assert await stand.notes() == ["one", "two"]


async def test_a_query_within_a_command_that_writes_joins(stand: Service, mediator: cqrs.RequestMediator) -> None:
    async def work() -> int:
        await stand.write("one")
        found: int = await mediator.send(Reading(lambda: _count(stand)))
        return found

    assert await mediator.send(Run(work)) == 1


async def test_a_command_within_a_query_cannot_write(stand: Service, mediator: cqrs.RequestMediator) -> None:
    refused = UnitOfWorkStateError if stand.kind == "sqlite" else DBAPIError
    with pytest.raises(refused, match=r"(?i)read.?only"):
        await mediator.send(Reading(lambda: mediator.send(Run(stand.writes("lost")))))
    assert await stand.notes() == []


def test_a_level_that_no_database_has_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="READ UNCOMMITTED, READ COMMITTED"):
        cqrs.transaction_options(isolation_level="SNAPSHOT")


async def test_a_subclass_of_a_request_has_its_options(server_stand: Service) -> None:
    stand = server_stand

    class Stricter(Strict):
        pass

    mediator = stand.bootstrap(commands_mapper=lambda m: m.bind(Stricter, strict))

    async def work() -> str:
        await stand.write("one")
        assert current_unit_of_work() is not None
        return await level(stand)

    assert await mediator.send(Stricter(work)) == "SERIALIZABLE"


async def _count(stand: Service) -> int:
    found = await stand.db.session.scalar(text("select count(*) from notes"))
    return int(found)
