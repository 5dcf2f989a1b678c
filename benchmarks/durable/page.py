"""Puts the figures of the last runs into ``docs/explanation/speed.md``: ``python -m benchmarks.durable.page``.

Those of the table are of the last run that measured everything, with the peer; those of millions of rows are of the
last one with ``backlog`` and ``memory``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from benchmarks import charts
from benchmarks.durable.table import CACHE, COLUMNS, headline

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "speed.md"
LONG = ("take", "memory")  # how their rows begin, and how the others do:
SHORT = ("relay", "relay to Kafka", "add", "one bad message", "inbox", "commit to broker", "empty poll")


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
    charts.write(text)


def shown(run: dict[str, Any], kinds: tuple[str, ...]) -> str:
    """The rows of these kinds, with their notes, and what they were measured on."""
    rows = _rows(run, kinds)
    lines = [COLUMNS, *(_cells(row) for row in rows)]
    used = [place for place, column in enumerate(zip(*lines[1:], strict=True)) if any(column)]
    table = ["| " + " | ".join(line[place] for place in used) + " |" for line in lines]
    align = "| " + " | ".join("---" if place in {0, len(COLUMNS) - 1} else "--:" for place in used) + " |"
    notes = [
        f"* {row['name'].strip()}: {note}" for row in rows for note in row["notes"] if not note.startswith("limit: ")
    ]
    return "\n".join([f"{headline(run['about'])}:", "", table[0], align, *table[1:], *([""] if notes else []), *notes])


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
    name, *others = row["cells"]
    return [f"… {name.strip()}" if name.startswith(" ") else name, *others]


if __name__ == "__main__":
    main()
