"""Collects the fragments of `changelog.d/` into `CHANGELOG.md`: `python -m tests.docs.changelog VERSION`."""

from __future__ import annotations

import datetime as dt
import sys
import textwrap
from typing import TYPE_CHECKING

from tests.docs.pages import ROOT

if TYPE_CHECKING:
    from pathlib import Path

KINDS = ("added", "changed", "deprecated", "removed", "fixed")
TITLE = "# Changelog\n"


def fragments(folder: Path) -> list[Path]:
    """The fragments of a folder, by name."""
    return sorted(path for path in folder.glob("*.md") if path.name != "README.md")


def kind_of(fragment: Path) -> str:
    """`fixed` for `sse-disconnect.fixed.md`."""
    return fragment.stem.rpartition(".")[2]


def section(version: str, date: dt.date, found: list[Path]) -> str:
    """What a release has to say: its fragments, sorted by kind, each as one item of a list."""
    parts = [f"## {version} ({date.isoformat()})"]
    for kind in KINDS:
        items = [path.read_text(encoding="utf-8").strip() for path in found if kind_of(path) == kind]
        parts += [f"### {kind.capitalize()}"] if items else []
        parts += [f"* {textwrap.indent(item, '  ').strip()}" for item in items]
    return "\n\n".join(parts) + "\n"


def collect(root: Path, version: str, date: dt.date) -> None:
    """Put the section of `version` on top of the changelog, and remove the fragments that it is made of."""
    found, changelog = fragments(root / "changelog.d"), root / "CHANGELOG.md"
    if not found:
        sys.exit("There is no fragment in changelog.d: a release has something to say.")
    earlier = changelog.read_text(encoding="utf-8").removeprefix(TITLE) if changelog.exists() else ""
    changelog.write_text(f"{TITLE}\n{section(version, date, found)}{earlier}", encoding="utf-8")
    for path in found:
        path.unlink()


if __name__ == "__main__":
    collect(ROOT, sys.argv[1], dt.datetime.now(dt.UTC).date())
