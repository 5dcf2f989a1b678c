"""A habit: what the handlers of a program do, and what must be there when it works."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Literal

from tests.natural.messages import Start

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.natural.world import Turn, World

EVERYWHERE = ("send", "stream", "event", "consumer", "once", "loop")
CALLED = ("send", "stream", "event", "loop")
"""Where a caller waits for the answer."""


async def _inner(turn: Turn, name: str) -> None:
    await turn.effect(name)


async def _happened(turn: Turn, name: str) -> None:
    await turn.effect("event" if name == "first" else name)


async def _nothing(turn: Turn) -> None:
    return None


async def _awaited(world: World, call: Callable[[], Awaitable[Any]]) -> Any:
    return await call()


@dataclasses.dataclass(frozen=True)
class Habit:
    """`rows` and `messages` are everything that is there when it has worked.

    `late` is what comes beside that from work that is done apart from the turn, if this work ends without an error.
    `correct`: this is how code should be, so that it works with every session that our pages show; but in `raises_in`
    an error that leaves nothing is right.
    """

    name: str
    start: Callable[..., Awaitable[Any]]
    rows: tuple[str, ...] = ("a",)
    messages: tuple[str, ...] = ("a",)
    late: tuple[str, ...] = ()
    late_messages: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    ends: Literal["answer", "error", "after the commit"] = "answer"
    correct: bool = False
    raises_in: tuple[str, ...] = ()
    entries: tuple[str, ...] = EVERYWHERE
    inner: Callable[[Turn, str], Awaitable[None]] = _inner
    happened: Callable[[Turn, str], Awaitable[None]] = _happened
    second: Callable[[Turn], Awaitable[None]] = _nothing
    after: Callable[[Turn], Awaitable[None]] | None = None
    drive: Callable[[World, Callable[[], Awaitable[Any]]], Awaitable[Any]] = _awaited
    request: type = Start
    outside: Callable[[], list[Any]] = list
    inside: Callable[[], list[Any]] = list
    logs: str = ""
    event_handlers: int = 1
    concurrency: int = 1
    event_fallback: bool = False
    audited: bool = False
    calls_handlers: bool = False
    two_databases: bool = False
