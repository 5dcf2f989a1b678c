"""Puts the figures of the last runs into ``docs/explanation/speed.md``: ``python -m benchmarks.durable.page``.

Those of the table are of the last run that measured everything, with the peer; those of millions of rows are of the
last one with ``backlog`` and ``memory``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.durable.table import CACHE, COLUMNS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "speed.md"
LONG = ("take", "memory")  # how their rows begin, and how the others do:
SHORT = ("relay", "relay to Kafka", "add", "inbox", "commit to broker", "empty poll")


def main() -> None:
    """Rewrite what stands between ``<!-- figures: … -->`` and ``<!-- end -->``."""
    runs = [json.loads(file.read_text("utf-8")) for file in sorted(CACHE.glob("*.json"))]
    text = PAGE.read_text("utf-8")
    for name, kinds, with_peer in (("durable", SHORT, True), ("durable-long", LONG, False)):
        complete = [run for run in runs if _has(run, kinds) and (run["about"]["peer"] or not with_peer)]
        if not complete:
            print(f"There is no complete run for {name!r} yet: it stays as it is.", file=sys.stderr)
            continue
        before, mark, rest = text.partition(f"<!-- figures: {name} -->\n")
        _, end, after = rest.partition("<!-- end -->")
        text = f"{before}{mark}\n{shown(complete[-1], kinds)}\n\n{end}{after}"
    PAGE.write_text(text, "utf-8")


def shown(run: dict[str, Any], kinds: tuple[str, ...]) -> str:
    """The rows of these kinds, with their notes, and what they were measured on."""
    about = ", ".join(f"{name} {value}" for name, value in run["about"].items() if value is not None)
    rows = _rows(run, kinds)
    table = [f"| {' | '.join(COLUMNS)} |", "| --- | --: | --: | --: | --: | --: | --- |"]
    table += [f"| {' | '.join(_cells(row))} |" for row in rows]
    notes = [
        f"* {row['name'].strip()}: {note}" for row in rows for note in row["notes"] if not note.startswith("limit: ")
    ]
    return "\n".join([f"{about}:", "", *table, *([""] if notes else []), *notes])


def _has(run: dict[str, Any], kinds: tuple[str, ...]) -> bool:
    return all(_rows(run, (kind,)) for kind in kinds)


def _rows(run: dict[str, Any], kinds: tuple[str, ...]) -> list[dict[str, Any]]:
    """Rows that begin so, and those that are indented below them."""
    found: list[dict[str, Any]] = []
    chosen = False
    for row in run["rows"]:
        chosen = chosen if row["name"].startswith(" ") else row["name"].startswith(kinds)
        if chosen:
            found.append(row)
    return found


def _cells(row: dict[str, Any]) -> list[str]:
    name, *others = (str(cell).replace("x ", "× ").replace("x)", "×)") for cell in row["cells"])
    shown_name = f"… {name.strip()}" if name.startswith(" ") else name
    return [shown_name, *(f"{cell[:-1]}×" if cell.endswith("x") else cell for cell in others)]


if __name__ == "__main__":
    main()
