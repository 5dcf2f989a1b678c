"""``await db.connection()``: statements past SQLAlchemy, in the same transaction and in its savepoints."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from cqrs.errors import NoOpenTransaction, OtherDatabase, OtherTask
from tests.helpers.errors import Deliberate

if TYPE_CHECKING:
    from tests.integration.transactions.stand import Service

INSERT = {
    "postgresql": "insert into notes (what) values ($1)",
    "mariadb": "insert into notes (what) values (%s)",
    "sqlite": "insert into notes (what) values (?)",
}


async def raw(stand: Service, what: str) -> None:
    """Write a note with the driver alone."""
    driver: Any = await stand.db.connection()
    match stand.kind:
        case "postgresql":
            await driver.execute(INSERT["postgresql"], what)
        case "mariadb":
            async with driver.cursor() as cursor:
                await cursor.execute(INSERT["mariadb"], (what,))
        case _:
            await driver.execute(INSERT["sqlite"], (what,))


def raw_writes(stand: Service, *what: str, fails: bool = False) -> Any:
    async def work() -> None:
        for one in what:
            await raw(stand, one)
        if fails:
            raise Deliberate

    return work


async def test_writes_of_the_driver_are_committed_with_the_rest(stand: Service) -> None:
    async def work() -> None:
        await raw(stand, "raw")
        await stand.write("orm")
        assert await stand.notes() == []

    await stand.send(work)
    assert await stand.notes() == ["raw", "orm"]


async def test_writes_of_the_driver_that_come_first_are_undone_with_the_transaction(stand: Service) -> None:
    with pytest.raises(Deliberate):
        await stand.send(raw_writes(stand, "undone", fails=True))
    assert await stand.notes() == []


async def test_writes_of_the_driver_that_come_later_are_undone_with_the_transaction(stand: Service) -> None:
    async def work() -> None:
        await stand.write("undone")
        await raw_writes(stand, "undone too", fails=True)()

    with pytest.raises(Deliberate):
        await stand.send(work)
    assert await stand.notes() == []


@pytest.mark.parametrize("first", ["raw", "orm", "nothing"])
async def test_writes_of_the_driver_in_a_failed_nested_command_are_undone_alone(stand: Service, first: str) -> None:
    async def work() -> None:
        if first == "raw":
            await raw(stand, "first")
        if first == "orm":
            await stand.write("first")
        with pytest.raises(Deliberate):
            await stand.send(raw_writes(stand, "undone", "undone too", fails=True))
        await raw(stand, "last")

    await stand.send(work)
    assert await stand.notes() == ([] if first == "nothing" else ["first"]) + ["last"]


async def test_a_connection_that_was_kept_writes_in_the_savepoint_of_a_nested_turn(stand: Service) -> None:
    """Code with that connection bypasses the session, so the savepoint must have begun before."""

    async def work() -> None:
        driver: Any = await stand.db.connection()
        await raw(stand, "first")

        async def inner() -> None:
            match stand.kind:
                case "postgresql":
                    await driver.execute(INSERT["postgresql"], "undone")
                case "mariadb":
                    async with driver.cursor() as cursor:
                        await cursor.execute(INSERT["mariadb"], ("undone",))
                case _:
                    await driver.execute(INSERT["sqlite"], ("undone",))
            raise Deliberate

        with pytest.raises(Deliberate):
            await stand.send(inner)

    await stand.send(work)
    assert await stand.notes() == ["first"]


async def test_a_connection_that_was_kept_writes_in_a_savepoint_of_the_session(stand: Service) -> None:
    """As above, for a savepoint that the handler itself begins."""

    async def work() -> None:
        await raw(stand, "first")
        with pytest.raises(Deliberate):
            async with stand.db.session.begin_nested():
                await raw(stand, "undone")
                raise Deliberate

    await stand.send(work)
    assert await stand.notes() == ["first"]


async def test_in_two_savepoints_the_inner_one_is_undone_alone(stand: Service) -> None:
    async def middle() -> None:
        await raw(stand, "middle")
        with pytest.raises(Deliberate):
            await stand.send(raw_writes(stand, "undone", fails=True))

    async def work() -> None:
        await raw(stand, "first")
        await stand.send(middle)

    await stand.send(work)
    assert await stand.notes() == ["first", "middle"]


async def test_unused_savepoints_are_begun_first(stand: Service) -> None:
    """Two nested turns without a statement, then a raw one in the inner: it is undone with either."""

    async def middle() -> None:
        await stand.send(raw_writes(stand, "undone"))
        raise Deliberate

    async def work() -> None:
        await stand.write("first")
        with pytest.raises(Deliberate):
            await stand.send(middle)

    await stand.send(work)
    assert await stand.notes() == ["first"]


async def test_rows_of_the_session_are_seen_by_it(stand: Service) -> None:
    async def work() -> int:
        await stand.write("one")
        driver: Any = await stand.db.connection()
        query = "select count(*) from notes"
        match stand.kind:
            case "postgresql":
                found = await driver.fetchval(query)
            case "mariadb":
                async with driver.cursor() as cursor:
                    await cursor.execute(query)
                    (found,) = await cursor.fetchone()
            case _:
                async with driver.execute(query) as cursor:
                    (found,) = await cursor.fetchone()
        return int(found)

    assert await stand.send(work) == 1


async def test_it_raises_where_no_transaction_is_open(stand: Service) -> None:
    with pytest.raises(NoOpenTransaction):
        await stand.db.connection()


async def test_it_raises_in_another_task(stand: Service) -> None:
    async def work() -> None:
        with pytest.raises(OtherTask):
            await asyncio.create_task(stand.db.connection())

    await stand.send(work)


async def test_it_raises_in_the_transaction_of_another_database(stand: Service, other: Service) -> None:
    async def work() -> None:
        with pytest.raises(OtherDatabase):
            await other.db.connection()

    await stand.send(work)


async def test_an_error_of_the_driver_ends_the_turn(stand: Service) -> None:
    async def work() -> None:
        await stand.write("one")
        await raw(stand, "one")

    with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
        await stand.send(work)
    assert await stand.notes() == []
