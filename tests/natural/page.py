"""The page with the matrix: written from verdicts, and read again, so that it can be compared with what runs."""

from __future__ import annotations

import functools
import re
from collections import Counter
from typing import TYPE_CHECKING

from tests.docs.pages import ROOT
from tests.natural.habits import HABITS
from tests.natural.judge import KINDS
from tests.natural.sweep import ENTRIES
from tests.natural.wirings import WIRINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.natural.sweep import Cell
    from tests.natural.wirings import Wiring

    Told = dict[str, dict[str, dict[str, str]]]  # wiring, habit, entry: kind

PAGE = ROOT / "docs" / "explanation" / "every-wiring.md"
_HEAD = """\
# Every wiring

A service gets its database sessions in one way or another, its handlers have habits, and what calls them is a mediator,
a consumer or a loop. This page says what becomes of each combination. `python -m tests.natural.matrix` writes it: it
runs one tiny program for each on a fresh database and then looks, through a connection of its own, at the rows, the
outbox, the inbox, the answer and the log. The tests run a part of these programs each day, in every container that we
support, on SQLite, PostgreSQL and MariaDB, and all of them with `ALL=1`.

| the word | what became of the program |
| --- | --- |
"""
_TABLES = """
What never happens: that a program says "done" about something that is not there, that a message tells of what did not
happen, that something happens twice, that a message is acknowledged and lost, or that half of something stays after an
error. Where the code itself commits, or has opted out by name, the tables say so.

The tables are for SQLite and `cqrs.Resolver`. Where a program ends differently by way of one of these, that is said
beside it:

"""
_GROUPS = {
    "What our pages show": [wiring for wiring in WIRINGS if wiring.shown],
    "What a service may bring": [wiring for wiring in WIRINGS if not wiring.shown and not wiring.own],
    "Transactions of the handler's own": [wiring for wiring in WIRINGS if wiring.own],
}
_INTRODUCTIONS = {
    "What our pages show": "All of them with `database=db` in every bootstrap, `Consumer` and `Once`.",
    "What a service may bring": "Sessions that do not come from `db.session`.",
    "Transactions of the handler's own": (
        "No transaction is put around a turn; in a consumer, everything is in the transaction of its batch."
    ),
}


def written(told: Told) -> str:
    """The page for these verdicts."""
    text = _HEAD + "".join(f"| **{kind}** | {what} |\n" for kind, what in KINDS.items() if kind != "BAD")
    text += _TABLES + "".join(f"* `{entry}`: {name}\n" for entry, name in ENTRIES.items())
    for title, wirings in _GROUPS.items():
        text += f"\n## {title}\n\n{_INTRODUCTIONS[title]}\n\n" + "\n".join(_table(told, wirings)) + "\n"
    return text + "\n" + "\n".join(_counted(told)) + "\n"


def _table(told: Told, wirings: list[Wiring]) -> Iterator[str]:
    for wiring in wirings:
        yield f"* **{_letter(wiring)}**: {wiring.name}" + (f" ({wiring.opted_out})" if wiring.opted_out else "")
    yield ""
    yield f"| habit | {' | '.join(map(_letter, wirings))} |"
    yield f"| --- |{' --- |' * len(wirings)}"
    for habit in HABITS:
        shown = (_shown(told[wiring.name][habit.name]) for wiring in wirings)
        yield f"| {habit.name} | {' | '.join(shown)} |"


def _counted(told: Told) -> Iterator[str]:
    kinds = [kind for kind in KINDS if kind != "BAD"]
    yield f"## How many\n\n| | {' | '.join(kinds)} |\n| --- |{' --- |' * len(kinds)}"
    for wiring in WIRINGS:
        counted = Counter(kind for habit in told[wiring.name].values() for kind in habit.values())
        yield f"| **{_letter(wiring)}** {wiring.name} | {' | '.join(str(counted[kind]) for kind in kinds)} |"


def _letter(wiring: Wiring) -> str:
    return chr(ord("A") + WIRINGS.index(wiring))


def _shown(kinds: dict[str, str]) -> str:
    """`works`, or `works; consumer, once: raises`. What comes most often comes first, and goes for all the others."""
    usual = Counter(kinds.values()).most_common(1)[0][0]
    parts = [usual]
    for kind in dict.fromkeys(kinds.values()):
        if kind != usual:
            parts.append(f"{', '.join(entry for entry in kinds if kinds[entry] == kind)}: {kind}")
    return "; ".join(parts)


@functools.cache
def told() -> Told:
    """What the page says."""
    found: Told = {wiring.name: {} for wiring in WIRINGS}
    habits = {habit.name: habit for habit in HABITS}
    letters: list[str] = []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        columns = [column.strip() for column in line.strip("|").split(" | ")]
        if columns[0].strip() == "habit":
            letters = columns[1:]
        elif columns[0] in habits and len(columns) == len(letters) + 1:
            for letter, shown in zip(letters, columns[1:], strict=True):
                wiring = WIRINGS[ord(letter) - ord("A")]
                found[wiring.name][columns[0]] = _read(shown, habits[columns[0]].entries)
    return found


def _read(shown: str, entries: Iterable[str]) -> dict[str, str]:
    usual, *others = shown.split("; ")
    kinds = dict.fromkeys(entries, usual)
    for other in others:
        named, _, kind = other.partition(": ")
        kinds.update(dict.fromkeys(re.split(r", ", named), kind))
    return kinds


def told_of(cell: Cell) -> str:
    """What the page says about `cell`."""
    return told()[cell.wiring.name][cell.habit.name][cell.entry]
