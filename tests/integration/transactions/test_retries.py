"""``RetryMiddleware`` around transactions: another attempt where the first has changed nothing."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, text, update

import cqrs
from cqrs.errors import ConcurrencyError
from cqrs.requests.bootstrap import bootstrap
from cqrs.unit_of_work import current_unit_of_work
from tests.helpers.errors import Deliberate
from tests.helpers.waiting import AT_ONCE
from tests.integration.transactions.consuming import consumed, filled
from tests.integration.transactions.stand import (
    Account,
    Ordered,
    Run,
    Told,
    bind,
    elsewhere,
    engine_at,
)

if TYPE_CHECKING:
    from tests.integration.transactions.stand import Service


def retrying(stand: Service, attempts: int = 3, *on: type[Exception], **options: Any) -> cqrs.RequestMediator:
    """A mediator that tries again at once."""
    retry = cqrs.Retry(attempts, backoff=AT_ONCE, on=on or (ConcurrencyError,))
    return stand.bootstrap(middlewares=[cqrs.RetryMiddleware(retry)], **options)


def failing(stand: Service, times: int, tries: list[int], error: type[Exception] = Deliberate) -> Any:
    """Work that writes, and fails so often before it succeeds."""

    async def work() -> str:
        tries.append(len(tries) + 1)
        await stand.write(f"try {len(tries)}")
        stand.db.outbox.add(Told(payload=f"try {len(tries)}"))
        if len(tries) <= times:
            raise error
        return "answer"

    return work


async def test_each_attempt_has_a_transaction_of_its_own(stand: Service) -> None:
    tries: list[int] = []
    assert await retrying(stand, 3, Deliberate).send(Run(failing(stand, 2, tries))) == "answer"
    assert (tries, await stand.notes(), await stand.messages()) == ([1, 2, 3], ["try 3"], ["try 3"])


async def test_the_error_of_the_last_attempt_is_raised(stand: Service) -> None:
    tries: list[int] = []
    with pytest.raises(Deliberate):
        await retrying(stand, 3, Deliberate).send(Run(failing(stand, 9, tries)))
    assert (tries, await stand.notes()) == ([1, 2, 3], [])


async def test_another_error_is_raised_at_once(stand: Service) -> None:
    tries: list[int] = []
    with pytest.raises(Deliberate):
        await retrying(stand).send(Run(failing(stand, 9, tries)))
    assert tries == [1]


async def test_a_conflict_is_tried_again(stand: Service) -> None:
    tries: list[int] = []
    await retrying(stand).send(Run(failing(stand, 2, tries, ConcurrencyError)))
    assert (tries, await stand.notes()) == ([1, 2, 3], ["try 3"])


async def test_a_singleton_repository_writes_in_the_transaction_of_each_attempt(stand: Service) -> None:
    sessions = []

    async def work() -> None:
        sessions.append(current_unit_of_work().session)  # type: ignore[union-attr]
        await stand.write("one")
        if len(sessions) < 2:
            raise Deliberate

    await retrying(stand, 2, Deliberate).send(Run(work))
    assert len({id(session) for session in sessions}) == 2
    assert await stand.notes() == ["one"]


async def test_within_an_open_unit_an_attempt_is_a_savepoint(stand: Service) -> None:
    tries: list[int] = []
    mediator = retrying(stand, 3, Deliberate)

    async def work() -> Any:
        await stand.write("outer")
        return await mediator.send(Run(failing(stand, 2, tries)))

    assert await stand.send(work) == "answer"
    assert (tries, await stand.notes(), await stand.messages()) == ([1, 2, 3], ["outer", "try 3"], ["try 3"])


async def test_within_a_block_an_attempt_of_a_mediator_that_opens_no_transaction_is_a_savepoint(stand: Service) -> None:
    tries: list[int] = []
    retry = cqrs.RetryMiddleware(cqrs.Retry(3, backoff=AT_ONCE, on=(Deliberate,)))
    mediator = bootstrap(commands_mapper=bind, middlewares=[retry])
    async with stand.db.transaction():
        await stand.write("block")
        await mediator.send(Run(failing(stand, 2, tries)))
    assert (tries, await stand.notes(), await stand.messages()) == ([1, 2, 3], ["block", "try 3"], ["try 3"])


async def test_within_an_open_unit_an_attempt_takes_along_what_a_middleware_of_it_has_written(stand: Service) -> None:
    tries: list[int] = []

    async def signs(request: Any, handle: Any) -> Any:
        await stand.write(f"signed {len(tries) + 1}")
        return await handle(request)

    retry = cqrs.RetryMiddleware(cqrs.Retry(3, backoff=AT_ONCE, on=(Deliberate,)))
    mediator = stand.bootstrap(middlewares=[retry, signs])
    async with stand.db.transaction():
        await mediator.send(Run(failing(stand, 2, tries)))
    assert await stand.notes() == ["signed 3", "try 3"]


async def test_within_an_open_unit_what_undoes_the_whole_transaction_is_not_repeated(stand: Service) -> None:
    tries: list[int] = []
    mediator = retrying(stand)

    async def work() -> Any:
        await stand.write("outer")
        return await mediator.send(Run(failing(stand, 2, tries, ConcurrencyError)))

    with pytest.raises(ConcurrencyError):
        await stand.send(work)
    assert (tries, await stand.notes()) == ([1], [])


async def test_the_outermost_turn_repeats_what_a_nested_one_could_not(stand: Service) -> None:
    tries: list[int] = []
    mediator = retrying(stand)

    async def work() -> Any:
        await stand.write("outer")
        return await mediator.send(Run(failing(stand, 2, tries, ConcurrencyError)))

    assert await mediator.send(Run(work)) == "answer"
    assert (tries, await stand.notes()) == ([1, 2, 3], ["outer", "try 3"])


async def test_in_the_unit_of_a_consumer_a_call_passes_through(stand: Service) -> None:
    tries: list[int] = []
    mediator = retrying(stand, 3, Deliberate)

    async def handle(event: Ordered) -> None:
        try:
            await mediator.send(Run(failing(stand, 9, tries)))
        except Deliberate:
            await stand.write("handled")

    broker = await filled(1)
    await consumed(stand.consumer(broker.source("orders"), handle), broker, stand)
    assert (tries, await stand.notes()) == ([1], ["handled"])


async def moved_meanwhile(stand: Service) -> None:
    """Another transaction changes the account and is committed."""

    async def move() -> None:
        account = await stand.db.session.get(Account, 1)
        assert account is not None
        account.balance += 1000

    await elsewhere(stand.send(move))


def withdraws(stand: Service, tries: list[int], meanwhile: Any) -> Any:
    """Work that reads a row, lets others change it once, and writes what it has computed."""

    async def work() -> None:
        tries.append(len(tries) + 1)
        account = await stand.db.session.get(Account, 1)
        assert account is not None
        if len(tries) == 1:
            await meanwhile(stand)
        account.balance -= 10
        await stand.db.session.flush()

    return work


async def test_a_row_that_has_changed_since_it_was_read_is_a_conflict(postgres_stand: Service) -> None:
    stand = postgres_stand
    await stand.open_account(100)
    with pytest.raises(ConcurrencyError) as caught:
        await stand.send(withdraws(stand, [], moved_meanwhile))
    assert (caught.value.stream, caught.value.expected, caught.value.actual) == (None, None, None)
    assert await stand.balance() == 1100


async def test_a_row_that_has_changed_since_it_was_read_is_read_again(server_stand: Service) -> None:
    stand = server_stand
    await stand.open_account(100)
    tries: list[int] = []
    await retrying(stand).send(Run(withdraws(stand, tries, moved_meanwhile)))
    assert (tries, await stand.balance()) == ([1, 2], 1090)


async def updated_meanwhile(stand: Service) -> None:
    """As above, past the version of the row."""

    async def change() -> None:
        async with stand.outside.begin() as connection:
            await connection.execute(update(Account).values(balance=Account.balance + 1000))

    await elsewhere(change())


def withdraws_in_sql(stand: Service, tries: list[int], level: str) -> Any:
    """Work that has seen the row in its snapshot, and changes it after others have."""

    async def work() -> None:
        tries.append(len(tries) + 1)
        async with stand.db.transaction(isolation_level=level) as session:
            await session.execute(select(Account.balance))
            if len(tries) == 1:
                await updated_meanwhile(stand)
            await session.execute(update(Account).values(balance=Account.balance - 10))

    return work


async def test_a_serialization_failure_is_a_conflict(postgres_stand: Service) -> None:
    await postgres_stand.open_account(100)
    with pytest.raises(ConcurrencyError) as caught:
        await withdraws_in_sql(postgres_stand, [], "REPEATABLE READ")()
    assert (caught.value.stream, caught.value.actual) == (None, None)
    assert await postgres_stand.balance() == 1100


async def test_a_row_that_mariadb_finds_changed_is_a_conflict(mariadb_url: str, mariadb_stand: Service) -> None:
    """Where ``innodb_snapshot_isolation`` is on, as it is by default in newer versions."""
    stand = mariadb_stand
    await stand.open_account(100)
    engine = engine_at(mariadb_url, connect_args={"init_command": "set session innodb_snapshot_isolation = on"})
    db, tries = cqrs.Database(engine), []

    async def work() -> None:
        tries.append(len(tries) + 1)
        await db.session.execute(select(Account.balance))
        if len(tries) == 1:
            await updated_meanwhile(stand)
        await db.session.execute(update(Account).values(balance=Account.balance - 10))

    strict = stand.bootstrap(db, middlewares=[cqrs.RetryMiddleware(cqrs.Retry(3, backoff=AT_ONCE))])
    await strict.send(Run(work))
    await engine.dispose()
    assert (tries, await stand.balance()) == ([1, 2], 1090)


async def test_a_serialization_failure_of_the_commit_is_a_conflict(postgres_stand: Service) -> None:
    """Two transactions that each read what the other writes: the second commit fails."""
    stand = postgres_stand
    await stand.open_account(100, 1)
    await stand.open_account(100, 2)
    met = asyncio.Barrier(2)

    async def move(source: int, target: int) -> None:
        async with stand.db.transaction(isolation_level="SERIALIZABLE") as session:
            await session.execute(select(Account.balance).where(Account.id == source))
            await met.wait()
            await session.execute(update(Account).where(Account.id == target).values(balance=0))
            await met.wait()

    outcomes = await asyncio.gather(move(1, 2), move(2, 1), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["ConcurrencyError", "NoneType"]


async def deadlocked(stand: Service, send: Any) -> list[int]:
    """Two turns that lock two rows in opposite order; how often they have begun."""
    await stand.open_account(100, 1)
    await stand.open_account(100, 2)
    both, begun, taken = asyncio.Event(), [], []

    def crossing(first: int, second: int, note: str) -> Any:
        async def work() -> None:
            begun.append(first)
            await stand.write(f"{note} {len(begun)}")
            await take(first)
            taken.append(first)
            if len(taken) == 2:
                both.set()
            await both.wait()
            await take(second)

        return work

    async def take(number: int) -> None:
        changed = update(Account).where(Account.id == number).values(balance=Account.balance - 10)
        await stand.db.session.execute(changed)

    outcomes = await asyncio.gather(send(crossing(1, 2, "left")), send(crossing(2, 1, "right")), return_exceptions=True)
    for outcome in outcomes:
        if outcome is not None:
            raise outcome
    return begun


async def test_a_deadlock_is_a_conflict(server_stand: Service) -> None:
    with pytest.raises(ConcurrencyError):
        await deadlocked(server_stand, server_stand.send)
    assert len(await server_stand.notes()) == 1
    assert (await server_stand.balance(1), await server_stand.balance(2)) == (90, 90)


async def test_the_loser_of_a_deadlock_is_tried_again(server_stand: Service) -> None:
    mediator = retrying(server_stand)
    begun = await deadlocked(server_stand, lambda work: mediator.send(Run(work)))
    assert len(begun) == 3
    assert len(await server_stand.notes()) == 2
    assert (await server_stand.balance(1), await server_stand.balance(2)) == (80, 80)


async def _deadlocked_in_nested_turns(stand: Service) -> None:
    """As above, within turns that catch whatever happens."""

    async def send(work: Any) -> None:
        async def outer() -> None:
            await stand.write(f"outer {id(work)}")
            with suppress(Exception):  # what a careless caller does
                await stand.send(work)

        await stand.send(outer)

    await deadlocked(stand, send)


async def test_a_deadlock_in_a_nested_turn_that_is_caught_commits_nothing_on_mariadb(mariadb_stand: Service) -> None:
    """The database has undone all of the loser, so what it does afterwards must not be committed as its half."""
    with pytest.raises(cqrs.CQRSError):
        await _deadlocked_in_nested_turns(mariadb_stand)
    assert (await mariadb_stand.balance(1), await mariadb_stand.balance(2)) == (90, 90)
    assert len(await mariadb_stand.notes()) == 2


async def test_a_deadlock_in_a_nested_turn_that_is_caught_is_undone_alone_on_postgresql(
    postgres_stand: Service,
) -> None:
    await _deadlocked_in_nested_turns(postgres_stand)
    assert (await postgres_stand.balance(1), await postgres_stand.balance(2)) == (90, 90)
    assert len(await postgres_stand.notes()) == 3


async def test_a_consumer_begins_again_after_a_conflict_and_parks_nothing(stand: Service) -> None:
    tries: list[int] = []

    async def handle(event: Ordered) -> None:
        tries.append(event.payload)
        await stand.write(str(event.payload))
        if len(tries) < 3:
            raise ConcurrencyError

    broker = await filled(1)
    await consumed(stand.consumer(broker.source("orders"), handle, attempts_in_batch=5), broker, stand)
    assert await stand.notes() == ["0"]
    assert await stand.db.inbox.parked.list("billing") == []


async def test_a_block_that_lost_raises_a_conflict(postgres_stand: Service) -> None:
    stand = postgres_stand
    await stand.open_account(100)
    with pytest.raises(ConcurrencyError):
        async with stand.db.transaction():
            await withdraws(stand, [], moved_meanwhile)()


async def test_a_deleted_row_is_a_conflict_too(stand: Service) -> None:
    await stand.open_account(100)

    async def work() -> None:
        account = await stand.db.session.get(Account, 1)
        assert account is not None
        await stand.db.session.execute(Account.__table__.delete())
        account.balance = 1
        await stand.db.session.flush()

    with pytest.raises(ConcurrencyError):
        await stand.send(work)
    assert await stand.balance() == 100


async def test_a_turn_whose_prepared_statements_a_migration_has_outdated_is_tried_again(
    postgres_stand: Service,
) -> None:
    stand = postgres_stand
    await stand.open_account()

    async def read() -> int:
        stand.db.outbox.add(Told(payload="read"))
        return int((await stand.db.session.execute(select(Account.balance))).scalar_one())

    mediator = retrying(stand)
    assert await mediator.send(Run(read)) == 100
    async with stand.outside.begin() as connection:
        await connection.execute(text("ALTER TABLE accounts ALTER COLUMN balance TYPE bigint"))
    with pytest.raises(ConcurrencyError):
        await stand.send(read)
    async with stand.outside.begin() as connection:
        await connection.execute(text("ALTER TABLE accounts ALTER COLUMN balance TYPE numeric"))
    assert await mediator.send(Run(read)) == 100
    assert await stand.messages() == ["read", "read"]
