"""Habits: something else than the framework ends the transaction, or the call, or comes after its end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import cqrs
from tests.natural.habits.failures import retry
from tests.natural.habits.habit import CALLED, Habit
from tests.natural.messages import Happened, Kaput

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.natural.world import Turn, World


async def commits(turn: Turn) -> None:
    async with turn.work() as work:
        await work.write("a")
        await work.commit()
        work.tell("a")


async def commits_and_reacts(turn: Turn) -> None:
    await commits(turn)
    turn.record(Happened())


async def event_fails_once(turn: Turn, name: str) -> None:
    if turn.world.first_time("event"):
        raise Kaput


async def event_fails(turn: Turn, name: str) -> None:
    raise Kaput


async def commits_the_connection(turn: Turn) -> None:
    async with turn.work() as work:
        await work.write("a")
        connection = await work.session.connection()
        await connection.commit()
        work.is_committed()
        work.tell("a")


async def closes(turn: Turn) -> None:
    async with turn.work() as work:
        await work.write("a")
        work.tell("a")
        await work.session.close()


async def rolls_the_unit_back(turn: Turn) -> None:
    await turn.effect("a")
    unit = cqrs.current_unit_of_work()
    if unit is None:
        raise Kaput
    await unit.rollback()


async def commits_the_unit(turn: Turn) -> None:
    await turn.effect("a")
    unit = cqrs.current_unit_of_work()
    if unit is None:
        raise Kaput
    await unit.commit()
    turn.world.own.update(["a"])


async def opens_a_unit_over_the_session(turn: Turn) -> None:
    async with turn.work() as work:
        await work.write("a")
        work.tell("a")
        async with cqrs.SqlAlchemyUnitOfWork(work.session):
            await work.write("b")
        work.is_committed()


async def waits_for_the_commit_and_fails(turn: Turn) -> None:
    await turn.effect("a")
    unit = cqrs.current_unit_of_work()
    if unit is None:
        raise Kaput

    async def fail() -> None:
        raise Kaput

    unit.after_commit(fail)


async def is_stuck(turn: Turn) -> None:
    await turn.effect("a")
    turn.world.reached.set()
    await asyncio.sleep(30)


async def is_stuck_in_a_statement(turn: Turn) -> None:
    async with turn.work() as work:
        await work.write("a")
        work.tell("a")
        turn.world.reached.set()
        await work.wait(0.2)


async def cancelled(world: World, call: Callable[[], Awaitable[Any]]) -> Any:
    """The caller goes away."""
    task = asyncio.ensure_future(call())
    reached = asyncio.ensure_future(world.reached.wait())
    await asyncio.wait([task, reached], return_when=asyncio.FIRST_COMPLETED)
    await asyncio.sleep(0.01)
    reached.cancel()
    task.cancel()
    return await task


async def left_early(world: World, call: Callable[[], Awaitable[Any]]) -> Any:
    world.chunks = 1
    return await call()


async def writes(turn: Turn) -> None:
    await turn.effect("a")


HABITS = [
    Habit("`session.commit()`", commits),
    Habit(
        "`session.commit()`, then an event handler fails once, and `RetryMiddleware`",
        commits_and_reacts,
        happened=event_fails_once,
        outside=retry,
    ),
    Habit(
        "`session.commit()`, then an event handler fails",
        commits_and_reacts,
        (),
        (),
        ends="error",
        happened=event_fails,
    ),
    Habit("the commit of the connection", commits_the_connection),
    Habit("`session.close()`", closes),
    Habit("`unit.rollback()`, and then an answer", rolls_the_unit_back, (), ()),
    Habit("`unit.commit()`, and then an answer", commits_the_unit),
    Habit("a unit of work opened over the session", opens_a_unit_over_the_session, ("a", "b")),
    Habit("an `after_commit` callback fails", waits_for_the_commit_and_fails, ends="after the commit", correct=True),
    Habit("the caller is cancelled", is_stuck, (), (), ends="error", drive=cancelled, entries=CALLED, correct=True),
    Habit(
        "the caller is cancelled within a statement",
        is_stuck_in_a_statement,
        (),
        (),
        ends="error",
        drive=cancelled,
        entries=CALLED,
        correct=True,
    ),
    Habit(
        "a stream left early",
        writes,
        (),
        (),
        ends="error",
        drive=left_early,
        entries=("stream",),
        logs="left before its end",
        correct=True,
    ),
]
