"""The tables about migrations on the pages are those of the registry."""

from __future__ import annotations

import re
from pathlib import Path

from cqrs.migrations.naming import tables_of
from cqrs.migrations.steps import DIALECTS, steps_of
from cqrs.migrations.subjects import SUBJECTS
from tests.architecture.revisions import FOLDER

DOCS = Path(__file__).parents[2] / "docs"
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL", "mariadb": "MariaDB"}


def rows(page: str, header: str) -> list[tuple[str, ...]]:
    """The cells of the table below `header`."""
    _, _, below = (DOCS / page).read_text().partition(f"\n{header}\n")
    table, _, _ = below.partition("\n\n")
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in table.splitlines()[1:]]


def databases(step: tuple[str, int]) -> list[str]:
    """The databases that have this version of a subject."""
    return [
        NAMES[dialect]
        for dialect in DIALECTS
        if step in {(found.subject, found.version) for found in steps_of(dialect, tables_of())}
    ]


def test_the_how_to_lists_the_subjects_and_their_tables() -> None:
    shown = rows("how-to/manage-the-tables.md", "| subject | tables |")
    for (name, tables), subject in zip(shown, SUBJECTS.values(), strict=True):
        has_it = databases((subject.name, 1))
        only = "" if len(has_it) == len(DIALECTS) else f", on {', '.join(has_it)}"
        assert (name, tables) == (f"`{subject.name}`", ", ".join(f"`{table}`" for table in subject.tables) + only)


def test_the_reference_lists_the_revisions_of_alembic() -> None:
    shown = rows("reference/migrations.md", "| revision | runs the step | on |")
    names = {(s.subject, s.version): str(s) for dialect in DIALECTS for s in steps_of(dialect, tables_of())}
    for (revision, step, on), file in zip(shown, sorted(FOLDER.glob("cqrs_*.py")), strict=True):
        ((subject, version),) = re.findall(r'ways_of\("(\w+)", (\d+)\)', file.read_text())
        assert revision == f"`{file.stem.rpartition('_')[0]}`"
        assert step == f"`{names[subject, int(version)]}`"
        assert on == ", ".join(databases((subject, int(version))))


def test_the_reference_of_the_command_line_lists_the_subjects_and_the_options_for_their_tables() -> None:
    meanings = {
        option: meaning for option, _, meaning in rows("reference/command-line.md", "| option | of | meaning |")
    }
    assert re.findall(r"`(\w+)`", meanings["`--only SUBJECT`"]) == list(SUBJECTS)
    for subject in SUBJECTS.values():
        assert (f"`--{subject.name}-table NAME`" in meanings) is subject.is_renamed
