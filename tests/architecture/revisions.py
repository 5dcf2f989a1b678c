"""Writes the revisions of Alembic that are missing: `python -m tests.architecture.revisions`.

Alembic reads one file for each revision, so each step of the registry needs one. They are numbered in the order in
which the steps came to be, which nothing but these files knows: one that is there is never written anew.
"""

from __future__ import annotations

import re
from pathlib import Path

from cqrs.migrations.naming import tables_of
from cqrs.migrations.steps import DIALECTS, steps_of

FOLDER = Path(__file__).resolve().parents[2] / "src" / "cqrs" / "integrations" / "alembic_versions"

_REVISION = '''"""Step {name} of the migrations."""

from __future__ import annotations

from cqrs.integrations.alembic import ways_of

revision = "cqrs_{number:04}"
down_revision = {before}
branch_labels = {labels}
depends_on = None

upgrade, downgrade = ways_of("{subject}", {version})
'''


def revisions(folder: Path) -> dict[Path, str]:
    """The files that `folder` should hold, and the text of each: those that are there, then one for each other step."""
    names = {(step.subject, step.version): str(step) for dialect in DIALECTS for step in steps_of(dialect, tables_of())}
    there = [_step_of(file) for file in sorted(folder.glob("cqrs_*.py"))]
    missing = sorted(set(names).difference(there), key=list(names).index)
    texts: dict[Path, str] = {}
    for number, (subject, version) in enumerate([*there, *missing], 1):
        texts[folder / f"cqrs_{number:04}_{subject}.py"] = _REVISION.format(
            name=names[subject, version],
            number=number,
            before="None" if number == 1 else f'"cqrs_{number - 1:04}"',
            labels='("cqrs",)' if number == 1 else "None",
            subject=subject,
            version=version,
        )
    return texts


def write(folder: Path = FOLDER) -> list[Path]:
    """Write the files that are missing in `folder`; returns them."""
    missing = {file: text for file, text in revisions(folder).items() if not file.exists()}
    for file, text in missing.items():
        file.write_text(text)
    return list(missing)


def _step_of(file: Path) -> tuple[str, int]:
    ((subject, version),) = re.findall(r'ways_of\("(\w+)", (\d+)\)', file.read_text())
    return subject, int(version)


if __name__ == "__main__":
    for written in write():
        print(written)  # noqa: T201  # the output of the command
