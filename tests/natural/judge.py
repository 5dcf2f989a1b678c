"""What became of a program, derived from what is there afterwards."""

from __future__ import annotations

import asyncio
import dataclasses
from collections import Counter
from typing import TYPE_CHECKING, Literal

from sqlalchemy.exc import SQLAlchemyError

import cqrs
from tests.natural.messages import INNOCENT, LeftEarly, ProgramError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.natural.databases import Found
    from tests.natural.entries import Asked
    from tests.natural.world import World

Kind = Literal["works", "raises", "stays", "refused", "yours", "BAD"]
KINDS: dict[Kind, str] = {
    "works": "everything that it says is there, once; or it was to fail, and nothing of it is there",
    "raises": "an error is raised, and nothing of what failed is there",
    "stays": "what the code has committed by itself is there, also of what failed or was repeated; nothing else is",
    "yours": (
        "something is lost or half there, and the code has chosen so: it has opted out by name, goes on with its own "
        "session after the turn, or calls a handler itself in a transaction of its own"
    ),
    "refused": "it is refused when it is put together",
    "BAD": "something is lost, half there, or there twice, and nobody is told",
}


@dataclasses.dataclass(frozen=True)
class Verdict:
    kind: Kind
    story: str = ""


@dataclasses.dataclass
class Seen:
    """How a program ended, and what was there then. `late_errors` are those of work that it did apart from its turn."""

    how: Literal["answer", "error", "refused"]
    error: BaseException | None
    late_errors: list[BaseException]
    found: Found
    other: Found
    log: list[str]


def judge(world: World, seen: Seen, asked: Asked | None) -> Verdict:
    """The verdict on a program that is over."""
    if asked is not None and asked.ids:
        wrong = _wrong_with_messages(seen.found, asked)
        if wrong is not None:
            return Verdict("BAD", wrong)
        _as_its_message_ended(world, seen, asked)
    if asked is not None and asked.sent is not None and Counter(asked.sent) != seen.found.messages:
        return Verdict("BAD", f"of the messages in the outbox, {sorted(asked.sent)} have left")
    for error in (seen.error, *seen.late_errors):
        if error is not None and not _is_known(error):
            return Verdict("BAD", f"an error that does not say what is wrong: {error!r}")
    if seen.how == "refused":
        return _of_a_refusal(seen)
    if seen.how == "answer" or isinstance(seen.error, cqrs.AfterCommitError):
        return _of_an_answer(world, seen)
    return _of_an_error(world, seen)


def _of_a_refusal(seen: Seen) -> Verdict:
    if seen.found.rows or seen.found.messages or seen.other.rows or seen.other.messages:
        return Verdict("BAD", "it was refused, and yet there is something")
    return Verdict("refused")


def _of_an_answer(world: World, seen: Seen) -> Verdict:
    habit, rows, messages = world.habit, seen.found.rows, seen.found.messages
    apart = bool(habit.late or habit.late_messages)
    wanted, told = Counter(habit.rows), Counter(habit.messages)
    if apart and not seen.late_errors:
        wanted, told = wanted + Counter(habit.late), told + Counter(habit.late_messages)
    if seen.other.rows == Counter(habit.other):
        if rows == wanted and messages + seen.other.messages == told:
            if habit.ends == "error":
                return Verdict("BAD", "it said done about what has failed")
            if (apart and seen.late_errors) or (seen.error is not None and habit.ends == "answer"):
                return Verdict("raises")
            if seen.error is None and habit.ends == "after the commit" and not _says_so(seen):
                return Verdict("BAD", "no error in the log says that what was to follow the commit has failed")
            return Verdict("works")
        if (rows, messages) == (world.own, world.own_messages) and not (wanted - rows or told - messages):
            return Verdict("stays")
    return Verdict("BAD", f"it said done; there should be rows {_shown(wanted)}, messages {_shown(told)}")


def _of_an_error(world: World, seen: Seen) -> Verdict:
    habit, own, own_messages = world.habit, world.own, world.own_messages
    allowed = [(own, own_messages)]
    if not seen.late_errors:
        allowed.append((own + Counter(habit.late), own_messages + Counter(habit.late_messages)))
    there = seen.found.rows, seen.found.messages
    if there not in allowed or seen.other.messages or not _may_be_elsewhere(world, seen):
        wanted = f"rows {_shown(own)}, messages {_shown(own_messages)}"
        return Verdict("BAD", f"an error was raised; there should be {wanted}")
    if own or own_messages or seen.other.rows:
        return Verdict("stays")
    if isinstance(seen.error, LeftEarly) and not any(habit.logs in line for line in seen.log):
        return Verdict("BAD", f"no warning in the log says that it was {habit.logs}")
    as_meant = isinstance(seen.error, (ProgramError, TimeoutError, asyncio.CancelledError))
    return Verdict("works" if habit.ends == "error" and as_meant else "raises")


def _may_be_elsewhere(world: World, seen: Seen) -> bool:
    """Whether what is in the other database was committed there by name."""
    return seen.other.rows in (Counter(), Counter(world.habit.other), world.own_elsewhere)


def _says_so(seen: Seen) -> bool:
    return any(line.startswith("ERROR") for line in seen.log)


def _is_known(error: BaseException) -> bool:
    """Whether it is an error of the package, of the database, or of the program itself."""
    return isinstance(error, (cqrs.CQRSError, SQLAlchemyError, ProgramError, TimeoutError, asyncio.CancelledError))


def _wrong_with_messages(found: Found, asked: Asked) -> str | None:
    """What is wrong with the messages that arrived, beside what the program wrote. Takes the neighbour's row away."""
    for id_, name in asked.ids.items():
        if id_ in asked.acknowledged and id_ not in found.marks:
            return f"the message {name!r} was acknowledged, and the inbox knows nothing of it"
    effects = found.rows.pop(INNOCENT, 0)
    innocent = next(id_ for id_, name in asked.ids.items() if name == INNOCENT)
    done = innocent in found.marks and innocent not in found.parked
    if effects != done:
        told = "counts as handled" if done else "does not count as handled"
        return f"the neighbour in the batch {told}, and took effect {effects} times"
    return None


def _as_its_message_ended(world: World, seen: Seen, asked: Asked) -> None:
    """The mark of a message shows how the program ended; errors of the consumer itself are not those of the program."""
    id_ = next(id_ for id_, name in asked.ids.items() if name != INNOCENT)
    if id_ in seen.found.marks and id_ not in seen.found.parked:
        seen.how, seen.error = "answer", None
    else:
        seen.how, seen.error = "error", seen.error or next(iter(world.errors), None)


def _shown(counted: Iterable[str]) -> str:
    return ", ".join(sorted(Counter(counted).elements())) or "none"
