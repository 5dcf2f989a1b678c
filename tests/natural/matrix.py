"""Runs the programs, prints the matrix and writes the page: `python -m tests.natural.matrix`.

Each habit and each wiring in the default container on SQLite, which is what the page shows. It takes some minutes.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.natural import page
from tests.natural.databases import SqliteFiles
from tests.natural.sweep import cells, run
from tests.natural.wirings import WIRINGS

DEFAULT = "the default one"


def verdicts(name: str) -> tuple[dict[str, dict[str, str]], list[str]]:
    """What became of the programs of one wiring, and the stories of those that lose something."""
    told: dict[str, dict[str, str]] = {}
    stories: list[str] = []

    async def all_of_them(folder: Path) -> None:
        source, others = SqliteFiles(folder), SqliteFiles(folder / "others")
        for cell in cells():
            if cell.container == DEFAULT and cell.wiring.name == name:
                verdict = await run(cell, source, others)
                told.setdefault(cell.habit.name, {})[cell.entry] = verdict.kind
                if verdict.kind == "BAD":
                    stories.append(verdict.story)

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(all_of_them(Path(folder)))
    return told, stories


def main() -> int:
    names = [wiring.name for wiring in WIRINGS]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        found = dict(zip(names, pool.map(verdicts, names), strict=True))
    told = {name: found[name][0] for name in names}
    stories = [story for name in names for story in found[name][1]]
    text = page.written(told)
    sys.stdout.write(text)
    for story in stories:
        sys.stderr.write(f"BAD: {story}\n\n")
    if not stories:
        page.PAGE.write_text(text, encoding="utf-8")
    return 1 if stories else 0


if __name__ == "__main__":
    sys.exit(main())
