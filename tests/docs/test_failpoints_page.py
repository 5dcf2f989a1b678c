"""The table of failpoints in the documentation is that of the code."""

from __future__ import annotations

from pathlib import Path

from cqrs.testing.faults import POINTS

PAGE = Path("docs/how-to/test-crashes.md")


def table() -> str:
    rows = [f"| `{point.name}` | {point.before} | {point.after} |" for point in POINTS.values()]
    return "\n".join(["| point | what has happened | what has not yet |", "| --- | --- | --- |", *rows])


def test_the_page_lists_each_failpoint() -> None:
    found = PAGE.read_text(encoding="utf-8").partition("<!-- points: begin -->")[2].partition("<!-- points: end -->")[0]
    assert found.strip() == table(), f"put this table into {PAGE}:\n{table()}"
