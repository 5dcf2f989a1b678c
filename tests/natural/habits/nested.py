"""Habits: a turn within a turn."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from tests.natural.habits.habit import Habit
from tests.natural.handlers import StartHandler
from tests.natural.messages import Count, Happened, Inner, Kaput

if TYPE_CHECKING:
    from tests.natural.world import Turn

BOTH = ("a", "inner")


async def asks(turn: Turn) -> None:
    await turn.effect("a")
    await turn.send(Inner())


async def asks_within_its_block(turn: Turn) -> None:
    async with turn.work() as work:
        await work.write("a")
        work.tell("a")
        await turn.send(Inner())


async def asks_first(turn: Turn) -> None:
    await turn.send(Inner())
    await turn.effect("a")


async def asks_and_catches(turn: Turn) -> None:
    await turn.effect("a")
    with suppress(Kaput):
        await turn.send(Inner())


async def asks_first_and_catches(turn: Turn) -> None:
    with suppress(Kaput):
        await turn.send(Inner())
    await turn.effect("a")


async def asks_and_fails(turn: Turn) -> None:
    await turn.effect("a")
    await turn.send(Inner())
    raise Kaput


async def inner_fails(turn: Turn, name: str) -> None:
    await turn.effect(name)
    raise Kaput


async def inner_fails_once(turn: Turn, name: str) -> None:
    await turn.effect(name)
    if turn.world.first_time(name):
        raise Kaput


async def asks_again(turn: Turn) -> None:
    await turn.effect("a")
    while True:
        try:
            await turn.send(Inner())
        except Kaput:
            continue
        return


async def reacts_by_a_command(turn: Turn) -> None:
    await turn.effect("a")
    turn.record(Happened())


async def commands(turn: Turn, name: str) -> None:
    await turn.effect("event")
    await turn.send(Inner())


async def inner_reacts(turn: Turn, name: str) -> None:
    await turn.effect(name)
    turn.record(Happened())


async def counts(turn: Turn) -> None:
    await turn.effect("a")
    seen = await turn.send(Count(name="a"))
    await turn.write(f"saw {seen}")


async def asks_at_once(turn: Turn) -> None:
    await turn.effect("a")
    await asyncio.gather(turn.send(Inner()), turn.send(Inner(name="inner too")))


async def waits_for(turn: Turn) -> None:
    await turn.effect("a")
    await asyncio.wait_for(turn.send(Inner()), 30)


async def asks_another_mediator(turn: Turn) -> None:
    await turn.effect("a")
    await turn.world.requests_too.send(Inner())


async def calls_a_handler(turn: Turn) -> None:
    await turn.effect("a")
    other = StartHandler(turn.store, turn.world)
    async with other.turn.work() as work:
        await work.write("inner")
        other.record(Happened())


HABITS = [
    Habit("a nested `send`", asks, BOTH, BOTH, correct=True),
    Habit("a nested `send`, within the block of the session", asks_within_its_block, BOTH, BOTH, correct=True),
    Habit("a nested `send`, before anything else", asks_first, BOTH, BOTH, correct=True),
    Habit("a nested `send` fails and is caught", asks_and_catches, inner=inner_fails, correct=True),
    Habit("a nested `send` fails first, and is caught", asks_first_and_catches, inner=inner_fails, correct=True),
    Habit("a nested `send`, and then a failure", asks_and_fails, (), (), ends="error", correct=True),
    Habit("a nested `send`, repeated by hand", asks_again, BOTH, BOTH, inner=inner_fails_once, correct=True),
    Habit(
        "an event handler sends a command",
        reacts_by_a_command,
        ("a", "event", "inner"),
        ("a", "event", "inner"),
        happened=commands,
        correct=True,
    ),
    Habit(
        "an event of a nested `send`",
        asks,
        ("a", "inner", "event"),
        ("a", "inner", "event"),
        inner=inner_reacts,
        correct=True,
    ),
    Habit("a query sees what its command wrote", counts, ("a", "saw 1"), correct=True),
    Habit("two mediators on one container", asks_another_mediator, BOTH, BOTH, correct=True),
    Habit("`gather` of two sends", asks_at_once, ("a", "inner", "inner too"), ("a", "inner", "inner too")),
    Habit("`wait_for` around a nested `send`", waits_for, BOTH, BOTH),
    Habit(
        "a handler calls a handler, which records an event",
        calls_a_handler,
        ("a", "inner", "event"),
        ("a", "event"),
        calls_handlers=True,
    ),
]
