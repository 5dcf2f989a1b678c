"""The tables of the durable half for ``docs/explanation/speed.md``.

That of the first table is the last run that measured everything, with the peer; that of the table of millions of rows
is the last one with ``backlog`` and ``memory``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.durable.table import COLUMNS, headline

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LONG = ("take", "memory")  # how their rows begin, and how the others do:
SHORT = ("relay", "relay to Kafka", "add", "one bad message", "inbox", "commit to broker", "empty poll")


def tables(runs: Sequence[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """The tables by their names; one for which there is no complete run is left out."""
    for name, kinds, with_peer in (("durable", SHORT, True), ("durable-long", LONG, False)):
        complete = [run for run in runs if _has(run, kinds) and (run["about"]["peer"] or not with_peer)]
        if complete:
            yield name, shown(complete[-1], kinds)


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
