"""The charts of the speed page are drawn from its tables, and can be read without colour."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks import charts, page
from benchmarks.durable.figures import SHORT, shown

if TYPE_CHECKING:
    from pathlib import Path

REQUESTS, MESSAGES = charts.CHARTS


def workload(*, ours: float, limit: float, peer: float | None = None) -> dict[str, Any]:
    """A workload of a saved run."""
    medians = {"ours": ours, "limit": limit} | ({"peer": peer} if peer else {})
    counts = {side: {"frames": 1, "c_calls": 1, "bytes_held": 1} for side in medians}
    ratios = {"ours_to_limit": ours / limit, "peer_to_ours": peer and peer / ours}
    return {"what": "a < b", "median_seconds": medians, "targets": {}, "counts": counts, **ratios}


def saved_run() -> dict[str, Any]:
    """The run of two workloads, of which the peer has one."""
    return {
        "machine": {"python": "CPython 3", "platform": "Linux", "cores": 2, "pydantic": "2"},
        "effort": {"rounds": 1, "programs": 1},
        "workloads": {
            **dict.fromkeys(page.COUNTED, workload(ours=3e-6, limit=1e-6)),
            "send": workload(peer=12e-6, ours=3e-6, limit=2e-6),
        },
        "memory": [],
    }


def bars(svg: str) -> list[tuple[str, ...]]:
    """The texts of a chart after its title, row by row, each bar with its length."""
    root = ET.fromstring(svg)  # noqa: S314  # written by us
    texts = [element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text")][1:]
    lengths = [element.get("width", "") for element in root.findall("{http://www.w3.org/2000/svg}rect")][1:]
    rows = [at for at, text in enumerate(texts) if text not in charts.FILL and texts[at - 1] not in charts.FILL]
    found = []
    for begin, end in zip(rows, [*rows[1:], len(texts)], strict=True):
        found += [
            (texts[begin], side, label, lengths.pop(0))
            for side, label in zip(texts[begin + 1 : end : 2], texts[begin + 2 : end : 2], strict=True)
        ]
    return found


def test_workloads_are_drawn_as_multiples_of_the_limit_where_the_peer_has_them() -> None:
    text = page.filled("<!-- figures: times -->\n<!-- end -->", saved_run())
    full = charts.WIDTH - charts.LEFT - charts.RIGHT
    assert bars(charts.drawn(REQUESTS, text)) == [
        ("send", "peer", "6×", str(full)),
        ("send", "ours", "1.5×", str(full // 4)),
    ]


def test_each_row_of_messages_has_a_scale_of_its_own() -> None:
    def row(name: str, ours: str, limit: str) -> dict[str, Any]:
        return {"name": name, "cells": [name, ours, "", "", limit, "", ""], "notes": []}

    about = {"python": "3", "platform": "Linux", "cores": 2, "postgresql": "15", "peer": None}
    run = {
        "about": about,
        "rows": [
            row("add", "1,000/s", "2,000/s"),
            row("  by hand", "30/s", "30/s"),
            row("empty poll", "1 ms", "2 ms"),
        ],
    }
    table = shown(run, SHORT)
    full = charts.WIDTH - charts.LEFT - charts.RIGHT
    assert bars(charts.drawn(MESSAGES, f"<!-- figures: durable -->\n{table}\n<!-- end -->")) == [
        ("add", "ours", "1,000/s", str(full // 2)),
        ("add", "limit", "2,000/s", str(full)),
        ("add, by hand", "ours", "30/s", str(full)),
        ("add, by hand", "limit", "30/s", str(full)),
    ]


@pytest.mark.parametrize("chart", charts.CHARTS, ids=lambda chart: chart.figures)
def test_charts_beside_the_page_show_its_figures(chart: charts.Chart, tmp_path: Path) -> None:
    text = charts.PAGE.read_text(encoding="utf-8")
    charts.write(text, tmp_path)
    assert (tmp_path / chart.file).read_text() == (charts.PAGE.parent / chart.file).read_text()
    assert f"]({chart.file})" in text


def test_sides_of_a_chart_differ_without_colour() -> None:
    assert len(set(charts.FILL.values())) == len(charts.FILL)
