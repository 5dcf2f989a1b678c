"""Habits: one handler that writes, and sends a message about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.natural.habits.habit import Habit
from tests.natural.messages import TAKEN, TOPIC, Happened, Kaput, Told, fail

if TYPE_CHECKING:
    from tests.natural.world import Turn


async def writes(turn: Turn) -> None:
    await turn.effect("a")


async def does_nothing(turn: Turn) -> None:
    return None


async def fails(turn: Turn) -> None:
    await turn.effect("a")
    raise Kaput


async def reacts(turn: Turn) -> None:
    await turn.effect("a")
    turn.record(Happened())


async def reacts_within_its_block(turn: Turn) -> None:
    async with turn.work() as work:
        await work.write("a")
        work.tell("a")
        turn.record(Happened())


async def fails_later(turn: Turn, name: str) -> None:
    await turn.effect("event")
    raise Kaput


async def enters_the_session(turn: Turn) -> None:
    async with turn.work() as work:
        async with work.session:
            await work.write("a")
        work.tell("a")


async def enters_and_begins(turn: Turn) -> None:
    async with turn.work() as work:
        async with work.session.begin():
            await work.write("a")
        work.tell("a")


async def uses_savepoints(turn: Turn) -> None:
    async with turn.work() as work:
        await work.write("a")
        work.tell("a")
        try:
            async with work.session.begin_nested():
                await work.write("undone")
                fail()
        except Kaput:
            work.undone("undone")
        async with work.session.begin_nested():
            await work.write("b")


async def records_in_an_undone_savepoint(turn: Turn) -> None:
    async with turn.work() as work:
        await work.write("a")
        work.tell("a")
        try:
            async with work.session.begin_nested():
                await work.write("undone")
                turn.record(Told(topic=TOPIC, payload="undone"))
                fail()
        except Kaput:
            work.undone("undone")


async def finds_a_name_taken(turn: Turn) -> None:
    async with turn.work() as work:
        await work.write("a")
        work.tell("a")
        try:
            async with work.session.begin_nested():
                await work.take(TAKEN)
        except Exception as error:
            if "IntegrityError" not in type(error).__qualname__:
                raise
            await work.write("b")


async def flushes_at_the_end(turn: Turn) -> None:
    async with turn.work() as work:
        work.add("a")
        work.tell("a")


HABITS: list[Habit] = [
    Habit("a handler writes and records a notification", writes, correct=True),
    Habit("a handler does nothing", does_nothing, (), (), correct=True),
    Habit("a handler adds an object and flushes nothing", flushes_at_the_end, correct=True),
    Habit("a handler writes and fails", fails, (), (), ends="error", correct=True),
    Habit("an event handler writes", reacts, ("a", "event"), ("a", "event"), correct=True),
    Habit(
        "an event is recorded within the block of the session",
        reacts_within_its_block,
        ("a", "event"),
        ("a", "event"),
        correct=True,
    ),
    Habit("an event handler writes and fails", reacts, (), (), ends="error", happened=fails_later, correct=True),
    Habit(
        "three event handlers, ten at a time",
        reacts,
        ("a", "event", "second", "third"),
        ("a", "event", "second", "third"),
        event_handlers=3,
        concurrency=10,
        correct=True,
    ),
    Habit("`async with session:`", enters_the_session, correct=True),
    Habit("`async with session.begin():`", enters_and_begins, correct=True),
    Habit("savepoints, one of them undone", uses_savepoints, ("a", "b"), correct=True),
    Habit("an event recorded in an undone savepoint", records_in_an_undone_savepoint, correct=True),
    Habit("a savepoint around an IntegrityError", finds_a_name_taken, ("a", "b"), correct=True),
]
