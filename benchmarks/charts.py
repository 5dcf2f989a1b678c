"""Draws the tables of ``docs/explanation/speed.md`` as bars, one SVG file for each chart beside the page.

Each bar has its side and its figure beside it and a pattern of its own, so that no colour is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "explanation" / "speed.md"

Row = Mapping[str, str]
"""A row of a table: its cells by the names of the columns."""

WIDTH, LEFT, RIGHT, BAR, GAP, TOP = 720, 60, 100, 16, 8, 44
HATCHED = (
    '<defs><pattern id="peer" width="6" height="6" patternUnits="userSpaceOnUse">'
    '<rect width="6" height="6" fill="#fff"/><path d="M0 6L6 0" stroke="#333"/></pattern></defs>'
)
FILL = {"peer": "url(#peer)", "ours": "#333", "limit": "#fff"}


@dataclass(frozen=True)
class Bar:
    """One bar: whose it is, how long, and the figure beside it."""

    side: str
    value: float
    label: str


@dataclass(frozen=True)
class Chart:
    """What is drawn of which table, and into which file."""

    figures: str
    file: str
    title: str
    bars: Callable[[Row], list[Bar]]
    one_scale: bool
    """Whether bars of different rows can be compared; else the longest bar of each row has the full width."""


def write(page: str, folder: Path = PAGE.parent) -> None:
    """Draw the charts of the page with the text `page` into files in `folder`."""
    for chart in CHARTS:
        (folder / chart.file).write_text(drawn(chart, page), encoding="utf-8")


def drawn(chart: Chart, page: str) -> str:
    """The chart as SVG: the rows of its table that have at least two bars."""
    groups = [(name, bars) for name, row in _rows(page, chart.figures) if len(bars := chart.bars(row)) > 1]
    longest_of_all = max(bar.value for _, bars in groups for bar in bars)
    parts: list[str] = []
    top = TOP
    for name, bars in groups:
        parts.append(_text(LEFT, top + BAR - 4, name, weight="bold"))
        top += BAR
        longest = longest_of_all if chart.one_scale else max(bar.value for bar in bars)
        for bar in bars:
            length = max(1, round((WIDTH - LEFT - RIGHT) * bar.value / longest))
            parts.append(_text(LEFT - 8, top + BAR - 4, bar.side, "end"))
            parts.append(
                f'<rect x="{LEFT}" y="{top + 1}" width="{length}" height="{BAR - 3}" '
                f'fill="{FILL[bar.side]}" stroke="#333"/>'
            )
            parts.append(_text(LEFT + length + 6, top + BAR - 4, bar.label))
            top += BAR
        top += GAP
    size = f'viewBox="0 0 {WIDTH} {top}" width="{WIDTH}" height="{top}"'
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12" role="img">',
        f"<title>{escape(chart.title)}</title>",
        HATCHED,
        f'<rect width="{WIDTH}" height="{top}" fill="#fff"/>',
        _text(WIDTH / 2, 22, chart.title, "middle", "bold"),
    ]
    return "\n".join([*head, *parts, "</svg>\n"])


def _rows(page: str, figures: str) -> Iterator[tuple[str, Row]]:
    """The rows of the table between the marks of `figures`; a name that begins with an ellipsis continues one."""
    table = page.partition(f"<!-- figures: {figures} -->")[2].partition("<!-- end -->")[0]
    header, _, *lines = [line.strip()[1:-1].split("|") for line in table.splitlines() if line.startswith("|")]
    begun = ""
    for line in lines:
        cells = [cell.strip() for cell in line]
        begun = begun if cells[0].startswith("…") else cells[0]
        name = begun if begun == cells[0] else f"{begun}, {cells[0].removeprefix('… ')}"
        yield name, dict(zip((cell.strip() for cell in header), cells, strict=True))


def _multiples(row: Row) -> list[Bar]:
    """The times of peer and package as multiples of the limit, from the ratios that were measured."""
    if not row["peer / ours"]:
        return []
    ours, faster = (float(row[ratio].rstrip("×")) for ratio in ("ours / limit", "peer / ours"))
    return [Bar("peer", ours * faster, f"{ours * faster:.3g}×"), Bar("ours", ours, f"{ours:.3g}×")]


def _speeds(row: Row) -> list[Bar]:
    """The messages per second of each side."""
    sides = [side for side in ("peer", "ours", "limit") if row.get(side, "").endswith("/s")]
    return [Bar(side, float(row[side].removesuffix("/s").replace(",", "")), row[side]) for side in sides]


def _text(x: float, y: float, text: str, anchor: str = "start", weight: str = "normal") -> str:
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" font-weight="{weight}">{escape(text)}</text>'


CHARTS = (
    Chart(
        "times",
        "speed-requests.svg",
        "Time, in multiples of the same work by hand (shorter is better)",
        _multiples,
        one_scale=True,
    ),
    Chart(
        "durable",
        "speed-messages.svg",
        "Messages per second (longer is better; each row has a scale of its own)",
        _speeds,
        one_scale=False,
    ),
)
