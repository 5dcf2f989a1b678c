"""Habits: work that is done apart from the turn, in tasks or after the answer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.natural.habits.habit import CALLED, Habit
from tests.natural.messages import Inner

if TYPE_CHECKING:
    from tests.natural.world import Turn


async def leaves_a_task(turn: Turn) -> None:
    async with turn.work() as work:
        await work.write("a")
        work.tell("a")

        async def later() -> None:
            await turn.world.answered.wait()
            await work.write("late")

        turn.world.apart(later())


async def leaves_a_task_with_a_block(turn: Turn) -> None:
    await turn.effect("a")

    async def later() -> None:
        await turn.world.answered.wait()
        await turn.write("late")

    turn.world.apart(later())


async def leaves_a_task_at_once(turn: Turn) -> None:
    """The task is done, or has failed, while the handler is still at work."""
    await turn.effect("a")
    await asyncio.wait([turn.world.apart(turn.write("late"))])
    await turn.write("b")


async def awaits_a_task(turn: Turn) -> None:
    await turn.effect("a")
    await asyncio.create_task(turn.write("b"))


async def leaves_a_command(turn: Turn) -> None:
    await turn.effect("a")

    async def later() -> None:
        await turn.world.answered.wait()
        await turn.send(Inner())

    turn.world.apart(later())


async def writes(turn: Turn) -> None:
    await turn.effect("a")
    turn.world.first = turn


async def writes_afterwards(turn: Turn) -> None:
    await turn.write("late")


async def sends_afterwards(turn: Turn) -> None:
    await turn.send(Inner())


HABITS = [
    Habit("`create_task` that writes later, through the same session", leaves_a_task, late=("late",)),
    Habit("`create_task` that writes later", leaves_a_task_with_a_block, late=("late",)),
    Habit("`create_task` that writes at once", leaves_a_task_at_once, ("a", "b"), late=("late",)),
    Habit("`create_task`, awaited", awaits_a_task, ("a", "b")),
    Habit("`create_task` that sends a command later", leaves_a_command, late=("inner",), late_messages=("inner",)),
    Habit("a background task writes after the answer", writes, late=("late",), after=writes_afterwards, entries=CALLED),
    Habit(
        "a background task sends a command after the answer",
        writes,
        late=("inner",),
        late_messages=("inner",),
        after=sends_afterwards,
        entries=CALLED,
        correct=True,
    ),
]
