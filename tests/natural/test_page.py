"""The page says what the programs of the sweep have shown; the sweep compares each that it runs with it."""

from __future__ import annotations

from tests.natural import page
from tests.natural.habits import HABITS
from tests.natural.wirings import WIRINGS


def test_the_page_is_what_the_command_writes() -> None:
    told = page.told()
    assert {name: set(habits) for name, habits in told.items()} == {
        wiring.name: {habit.name for habit in HABITS} for wiring in WIRINGS
    }, "run python -m tests.natural.matrix"
    assert page.PAGE.read_text(encoding="utf-8") == page.written(told), "run python -m tests.natural.matrix"


def test_the_page_knows_nothing_bad() -> None:
    kinds = {kind for habits in page.told().values() for entries in habits.values() for kind in entries.values()}
    assert kinds == {"works", "raises", "stays", "refused", "yours"}
