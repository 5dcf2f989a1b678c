"""All programs: every wiring with every habit, by every entry, in every container, on one kind of database."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import logging
import traceback
import warnings
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from dishka.exceptions import DishkaError
from sqlalchemy.exc import SAWarning, SQLAlchemyError

import cqrs
from tests.natural.containers import CONTAINERS, Binding
from tests.natural.databases import NOTHING, engine_of, look
from tests.natural.entries import assemble
from tests.natural.habits import HABITS, Habit
from tests.natural.judge import Seen, Verdict, judge
from tests.natural.messages import REGISTRY, Base
from tests.natural.wirings import WIRINGS, Wiring
from tests.natural.world import World

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from tests.natural.databases import Source
    from tests.natural.entries import Asked

ENTRIES = {
    "send": "RequestMediator",
    "stream": "StreamingRequestMediator",
    "event": "EventMediator",
    "consumer": "Consumer",
    "once": "FastStream with Once",
    "loop": "RequestMediator, and the plain loop",
}
_LONGEST = 20  # seconds


@dataclasses.dataclass(frozen=True)
class Cell:
    """One program."""

    wiring: Wiring
    habit: Habit
    entry: str
    container: str

    def __str__(self) -> str:
        return f"{self.wiring.name} · {self.habit.name} · {ENTRIES[self.entry]} · {self.container}"

    @property
    def must_work(self) -> bool:
        """Whether this is correct code on a wiring of our pages."""
        return self.wiring.shown and self.habit.correct and self.entry not in self.habit.raises_in

    @property
    def is_left_to_the_code(self) -> bool:
        """Whether the code has taken it upon itself.

        By an option, with a session of its own after the turn, or by calling a handler in a transaction of its own.
        """
        after_the_turn = self.wiring.brought and self.habit.after is not None
        return bool(self.wiring.opted_out) or after_the_turn or (self.wiring.own and self.habit.calls_handlers)

    @property
    def may_be_refused(self) -> bool:
        """Whether it can be seen at the start that this would lose something."""
        return self.wiring.refused or bool(self.habit.inside()) or self.habit.audited


def cells() -> Iterator[Cell]:
    for wiring, habit, entry, container in itertools.product(WIRINGS, HABITS, ENTRIES, CONTAINERS):
        if entry in habit.entries:
            yield Cell(wiring, habit, entry, container)


async def run(cell: Cell, source: Source, others: Source) -> Verdict:
    """Run one program on a fresh database of `source`, beside one of `others`, and judge it."""
    two = cell.habit.two_databases
    engine, other = (
        await source.fresh(),
        await others.fresh() if two else engine_of("sqlite+aiosqlite:///never-made.db"),
    )
    db = cqrs.Database(other, metadata=Base.metadata, registry=REGISTRY)
    world = World(cell.habit, engine, db, binds_by_itself=cell.container == "the default one")
    try:
        with _logged() as log, _quiet_loop(), warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # these programs misuse sessions on purpose
            how, error, asked = await _asked(world, cell)
            late = await _what_comes_later(world, asked, error)
        seen = Seen(how, error, late, await look(engine), await look(other) if two else NOTHING, log)
        verdict = judge(world, seen, asked)
        if verdict.kind != "BAD":
            return verdict
        if cell.is_left_to_the_code:
            return Verdict("yours")
        return Verdict("BAD", _story(cell, verdict, seen))
    finally:
        await world.aclose()
        await source.used(engine)
        if two:
            await others.used(other)


async def _asked(world: World, cell: Cell) -> tuple[Any, BaseException | None, Asked | None]:
    """Put the program together and ask it."""
    try:
        parts = cell.wiring.parts(world)
        container = CONTAINERS[cell.container]([*parts.bindings, Binding(World, world, "object")])
        asked = assemble(world, parts, container, cell.entry)
    except (cqrs.errors.WiringError, cqrs.errors.InvalidArgument, DishkaError) as error:
        return "refused", None if isinstance(error, DishkaError) else error, None
    try:
        async with asyncio.timeout(_LONGEST):
            await cell.habit.drive(world, asked.call)
    except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001  # it is what is judged
        return "error", error, asked
    return "answer", None, asked


async def _what_comes_later(world: World, asked: Asked | None, error: BaseException | None) -> list[BaseException]:
    """Wait for what is done apart from the turn; its errors."""
    world.answered.set()
    late = await world.apart_is_done()
    after = world.habit.after
    if after is not None and error is None and world.first is not None:
        try:
            await after(world.first)
        except Exception as raised:  # noqa: BLE001  # it is what is judged
            late.append(raised)
    if asked is not None and asked.finish is not None:
        with suppress(SQLAlchemyError):  # the lock of a session that was left open; nothing leaves then
            await asked.finish()
    return late


def _story(cell: Cell, verdict: Verdict, seen: Seen) -> str:
    told = "".join(traceback.format_exception(seen.error)[-12:]) if seen.error else "none"
    found, other = seen.found, seen.other
    lines = [
        f"{cell}: {verdict.story}",
        f"there are rows {sorted(found.rows.elements())}, messages {sorted(found.messages.elements())}",
        f"inbox: {len(found.marks)} marks, {len(found.parked)} parked",
        f"other database: rows {sorted(other.rows.elements())}, messages {sorted(other.messages.elements())}",
        f"it ended with {seen.how}; its error: {told}",
        f"errors of work apart: {'; '.join(map(repr, seen.late_errors)) or 'none'}",
        *(f"log: {line}" for line in seen.log),
    ]
    return "\n  ".join(lines)


class _Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.levelname} {record.getMessage()}")


@contextmanager
def _logged() -> Generator[list[str], None, None]:
    """The warnings and errors that the package logs; they are shown nowhere else."""
    logger, handler = logging.getLogger("cqrs"), _Lines()
    before = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.WARNING)
    logger.propagate = False
    try:
        yield handler.lines
    finally:
        logger.removeHandler(handler)
        logger.level, logger.propagate = before[0], before[1]


@contextmanager
def _quiet_loop() -> Generator[None, None, None]:
    """FastStream leaves futures behind whose errors are never retrieved."""
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda *_: None)
    try:
        yield
    finally:
        loop.set_exception_handler(None)
