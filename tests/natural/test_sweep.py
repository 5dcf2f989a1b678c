"""Tiny programs, assembled in every way that comes naturally: what each reports as done is there, once, or it raises.

With `ALL=1` every program runs, else a sample that changes with the day.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.helpers.sampling import ALL, HOW_TO_REPEAT
from tests.natural import page
from tests.natural.containers import CONTAINERS
from tests.natural.databases import ServerDatabase, Source, SqliteFiles
from tests.natural.sample import sample
from tests.natural.sweep import Cell, cells, run
from tests.natural.wirings import WIRINGS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.natural.wirings import Wiring

DEFAULT = "the default one"
PROGRAMS_ON_FILES = 3
PROGRAMS_ON_SERVERS = 6

pytestmark = pytest.mark.timeout(3600 if ALL else 120)
every_wiring = pytest.mark.parametrize("wiring", WIRINGS, ids=[wiring.name for wiring in WIRINGS])


async def judged(chosen: Iterable[Cell], source: Source, folder: Path) -> list[str]:
    """What is wrong with the programs `chosen`, as stories."""
    others = SqliteFiles(folder / "others")
    stories = []
    for cell in chosen:
        verdict = await run(cell, source, others)
        if verdict.kind == "BAD":
            stories.append(f"BAD: {verdict.story}")
        elif cell.must_work and verdict.kind != "works":
            stories.append(f"{verdict.kind}, and it must work: {cell}")
        elif verdict.kind == "refused" and not cell.may_be_refused:
            stories.append(f"refused, and that is not on the list: {cell}")
        elif cell.container == DEFAULT and source.name == "SQLite" and verdict.kind != page.told_of(cell):
            stories.append(f"{verdict.kind}, and the page says {page.told_of(cell)}: {cell}")
    return stories


def must_be_empty(stories: list[str]) -> None:
    assert not stories, f"{HOW_TO_REPEAT}: {len(stories)} programs\n\n" + "\n\n".join(stories)


@pytest.mark.parametrize("container", CONTAINERS)
@every_wiring
async def test_no_program_loses_anything_without_a_word(wiring: Wiring, container: str, tmp_path: Path) -> None:
    mine = (cell for cell in cells() if cell.wiring is wiring and cell.container == container)
    chosen = sample(mine, PROGRAMS_ON_FILES, f"{wiring.name} {container}")
    must_be_empty(await judged(chosen, SqliteFiles(tmp_path), tmp_path))


@pytest.mark.parametrize("wiring", [w for w in WIRINGS if w.shown], ids=lambda wiring: wiring.name)
async def test_correct_code_works_with_the_sessions_of_our_pages(wiring: Wiring, tmp_path: Path) -> None:
    chosen = [
        cell
        for cell in cells()
        if cell.wiring is wiring and cell.must_work and cell.entry == "send" and cell.container == DEFAULT
    ]
    assert len(chosen) > 30
    must_be_empty(await judged(chosen, SqliteFiles(tmp_path), tmp_path))


@every_wiring
async def test_no_program_loses_anything_on_postgresql(wiring: Wiring, postgres_url: str, tmp_path: Path) -> None:
    chosen = sample((cell for cell in cells() if cell.wiring is wiring), PROGRAMS_ON_SERVERS, f"{wiring.name} pg")
    must_be_empty(await judged(chosen, ServerDatabase("PostgreSQL", postgres_url), tmp_path))


@every_wiring
async def test_no_program_loses_anything_on_mariadb(wiring: Wiring, mariadb_url: str, tmp_path: Path) -> None:
    chosen = sample((cell for cell in cells() if cell.wiring is wiring), PROGRAMS_ON_SERVERS, f"{wiring.name} maria")
    must_be_empty(await judged(chosen, ServerDatabase("MariaDB", mariadb_url), tmp_path))


def test_the_list_of_correct_code_is_as_long_as_it_was() -> None:
    """What must work is a fixed list: to shorten it is a decision, and not a way to let the sweep pass."""
    shown = [wiring.name for wiring in WIRINGS if wiring.shown]
    correct = {cell.habit.name for cell in cells() if cell.must_work}
    assert shown == [
        "`db.session`, injected",
        "`db.session`, kept by a singleton",
        "`async with db.transaction()`",
        "`db.session` of a session class of one's own",
    ]
    assert len(correct) == 42
    assert {cell.container for cell in cells() if cell.must_work} == set(CONTAINERS)


def test_few_programs_are_refused_or_raise() -> None:
    """A framework that refuses everything loses nothing; so what may be refused is a list, and most programs work."""
    told = page.told()
    for wiring in WIRINGS:
        kinds = [kind for habit in told[wiring.name].values() for kind in habit.values()]
        if wiring.shown:
            assert kinds.count("works") > 0.6 * len(kinds)
            assert kinds.count("refused") < 0.06 * len(kinds)
