"""Habits: something fails, and the code deals with it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError

import cqrs
from tests.helpers.waiting import AT_ONCE
from tests.natural.habits.habit import CALLED, Habit
from tests.natural.habits.nested import asks_and_catches
from tests.natural.messages import TAKEN, Happened, Inner, Kaput, StartChain, StartWithFallback

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.natural.world import Turn


def retry() -> list[Any]:
    return [cqrs.RetryMiddleware(cqrs.Retry(3, backoff=AT_ONCE, on=(Kaput,)))]


async def as_an_answer(request: Any, handle: Any) -> Any:
    """A middleware that makes an answer of every error."""
    try:
        return await handle(request)
    except Kaput:
        return "failed"


async def fails_once(turn: Turn) -> None:
    await turn.effect("a")
    if turn.world.first_time("start"):
        raise Kaput


async def fails(turn: Turn) -> None:
    await turn.effect("a")
    raise Kaput


async def writes_instead(turn: Turn) -> None:
    await turn.effect("instead")


async def goes_on_without_the_rest(turn: Turn, rest: Callable[[], Awaitable[Any]]) -> None:
    await turn.effect("a")
    with suppress(Kaput):
        await rest()


async def goes_on_first_without_the_rest(turn: Turn, rest: Callable[[], Awaitable[Any]]) -> None:
    with suppress(Kaput):
        await rest()
    await turn.effect("a")


async def reacts(turn: Turn) -> None:
    await turn.effect("a")
    turn.record(Happened())


async def event_fails_first(turn: Turn, name: str) -> None:
    await turn.effect("event" if name == "first" else "instead")
    if name == "first":
        raise Kaput


async def event_fails_once(turn: Turn, name: str) -> None:
    await turn.effect("event")
    if turn.world.first_time("event"):
        raise Kaput


async def goes_on_after_an_error(turn: Turn) -> None:
    async with turn.work() as work:
        await work.write("a")
        work.tell("a")
        with suppress(DBAPIError):
            await work.take(TAKEN)
        await work.write("b")


async def inner_finds_a_name_taken(turn: Turn, name: str) -> None:
    async with turn.work() as work:
        try:
            await work.write(name)
            await work.take(TAKEN)
        except DBAPIError:
            raise Kaput from None


async def asks_who_rolls_back(turn: Turn) -> None:
    await turn.effect("a")
    await turn.send(Inner())


async def rolls_back_and_goes_on(turn: Turn, name: str) -> None:
    async with turn.work() as work:
        try:
            await work.take(TAKEN)
        except DBAPIError:
            await work.rollback()
            await work.write("instead")


async def limits_a_statement(turn: Turn) -> None:
    async with turn.work() as work:
        await work.write("a")
        work.tell("a")
        with suppress(TimeoutError):
            async with asyncio.timeout(0.02):
                await work.wait(0.2)
        await work.write("b")


async def limits_the_turn(turn: Turn) -> None:
    async with asyncio.timeout(0.02), turn.work() as work:
        await work.write("a")
        work.tell("a")
        await work.wait(0.2)


async def limits_a_nested_turn(turn: Turn) -> None:
    await turn.effect("a")
    with suppress(TimeoutError):
        async with asyncio.timeout(None) as turn.world.limit:
            await turn.send(Inner())


async def inner_is_slow(turn: Turn, name: str) -> None:
    await turn.effect(name)
    turn.world.limit.reschedule(asyncio.get_running_loop().time())
    await asyncio.sleep(30)


HABITS = [
    Habit("`RetryMiddleware`, and a handler that fails once", fails_once, outside=retry, correct=True),
    Habit(
        "`RetryMiddleware`, and an event handler that fails once",
        reacts,
        ("a", "event"),
        ("a", "event"),
        happened=event_fails_once,
        outside=retry,
        correct=True,
    ),
    Habit("`RetryMiddleware` within the transaction", fails_once, inside=retry),
    Habit(
        "a middleware makes an answer of an error",
        fails,
        (),
        (),
        outside=lambda: [as_an_answer],
        correct=True,
        raises_in=("consumer", "once"),
    ),
    Habit(
        "a middleware within the transaction makes an answer of an error", fails, (), (), inside=lambda: [as_an_answer]
    ),
    Habit(
        "a fallback whose primary wrote and failed",
        fails,
        ("instead",),
        ("instead",),
        second=writes_instead,
        request=StartWithFallback,
        correct=True,
    ),
    Habit(
        "a fallback of an event handler that wrote and failed",
        reacts,
        ("a", "instead"),
        ("a", "instead"),
        happened=event_fails_first,
        event_fallback=True,
        correct=True,
    ),
    Habit(
        "a member of a chain wrote and failed, an earlier one goes on",
        goes_on_without_the_rest,
        second=fails,
        request=StartChain,
        correct=True,
    ),
    Habit(
        "a member of a chain wrote and failed, an earlier one writes then",
        goes_on_first_without_the_rest,
        second=fails,
        request=StartChain,
        correct=True,
    ),
    Habit(
        "a statement of a nested `send` fails, and that is caught",
        asks_and_catches,
        inner=inner_finds_a_name_taken,
        correct=True,
    ),
    Habit("a statement fails, and its error is caught", goes_on_after_an_error, ("a", "b")),
    Habit(
        "IntegrityError, then `session.rollback()` in a nested `send`",
        asks_who_rolls_back,
        ("a", "instead"),
        inner=rolls_back_and_goes_on,
    ),
    Habit("`asyncio.timeout` around a slow statement, caught", limits_a_statement, ("a", "b")),
    Habit(
        "`asyncio.timeout` around the work of a handler",
        limits_the_turn,
        (),
        (),
        ends="error",
        correct=True,
        entries=CALLED,
    ),
    Habit(
        "`asyncio.timeout` around a nested `send`, caught",
        limits_a_nested_turn,
        inner=inner_is_slow,
        correct=True,
    ),
]
