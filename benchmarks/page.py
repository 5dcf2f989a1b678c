"""Puts the figures of the last complete runs into ``docs/explanation/speed.md``: ``python -m benchmarks.page``."""

from __future__ import annotations

import sys
from typing import Any

from benchmarks import charts
from benchmarks.durable import figures
from benchmarks.results import CACHE, ROOT, described, kept

PAGE = ROOT / "docs" / "explanation" / "speed.md"
SIDES = ("peer", "ours", "limit")
COUNTED = (
    *("send", "inject", "di", "scope-inject", "stream", "events", "chain", "fallback-idle"),
    *("database", "database-nested", "statement"),
)


def main() -> None:
    """Rewrite what stands between ``<!-- figures: … -->`` and ``<!-- end -->``, and draw the charts from that."""
    runs = [run for run in kept() if run["peer"] and run["memory"] and set(COUNTED) <= set(run["workloads"])]
    text = PAGE.read_text(encoding="utf-8")
    if runs:
        text = filled(text, runs[-1])
    else:
        print("There is no complete run of `python -m benchmarks` with the peer yet: its tables stay.", file=sys.stderr)
    written = dict(figures.tables(kept(CACHE / "durable")))
    for name, table in written.items():
        text = put(text, name, table)
    if not written:
        print("There is no complete run of `python -m benchmarks.durable` yet: its tables stay.", file=sys.stderr)
    PAGE.write_text(text, encoding="utf-8")
    charts.write(text)


def filled(text: str, run: dict[str, Any]) -> str:
    """The page `text` with the tables of `run` between its marks."""
    for name, table in (("times", _times(run)), ("counts", _counts(run)), ("memory", _memory(run))):
        text = put(text, name, table)
    return text


def put(text: str, name: str, table: str) -> str:
    """The page `text` with `table` between the marks of `name`."""
    before, mark, rest = text.partition(f"<!-- figures: {name} -->\n")
    _, end, after = rest.partition("<!-- end -->")
    return f"{before}{mark}\n{table}\n\n{end}{after}"


def _times(run: dict[str, Any]) -> str:
    machine, effort = run["machine"], run["effort"]
    about = (
        f"{described(machine)}, pydantic {machine['pydantic']}; "
        f"medians of {effort['rounds']} interleaved rounds, for imports of {effort['programs']}:"
    )
    rows = [
        "| workload | what | peer | ours | limit | ours / limit | peer / ours | target |",
        "| --- | --- | --: | --: | --: | --: | --: | --- |",
    ]
    for name, found in run["workloads"].items():
        medians = found["median_seconds"]
        targets = ", ".join(f"{target} {verdict}" for target, verdict in found["targets"].items())
        faster = f"{found['peer_to_ours']:.1f}×" if found["peer_to_ours"] else ""
        times = [_time(medians[side]) if side in medians else "" for side in SIDES]
        rows.append(_row(name, found["what"], *times, f"{found['ours_to_limit']:.2f}×", faster, targets))
    return "\n".join([about, "", *rows])


def _counts(run: dict[str, Any]) -> str:
    rows = [
        "| | frames: peer | ours | limit | C calls: peer | ours | limit | bytes: peer | ours | limit |",
        "| --- |" + " --: |" * 9,
    ]
    for name in COUNTED:
        counts = run["workloads"][name]["counts"]
        cells = [
            f"{counts[side][what]:,g}" if side in counts else ""
            for what in ("frames", "c_calls", "bytes_held")
            for side in SIDES
        ]
        rows.append(_row(name, *cells))
    return "\n".join(rows)


def _memory(run: dict[str, Any]) -> str:
    rows = ["| workload | operations | resident | blocks | traced | |", "| --- | --: | --: | --: | --: | --- |"]
    for grown in run["memory"]:
        resident, blocks = f"{grown['resident_bytes'] // 1024:+,} KiB", f"{grown['blocks']:+,}"
        traced = f"{grown['traced_bytes']:+,} B in {grown['traced_operations']:,}"
        verdict = "flat" if grown["flat"] else "grows"
        rows.append(_row(grown["what"], f"{grown['operations']:,}", resident, blocks, traced, verdict))
    return "\n".join(rows)


def _time(seconds: float) -> str:
    return f"{seconds * 1e3:.3g} ms" if seconds > 1e-3 else f"{seconds * 1e6:.3g} µs"  # noqa: PLR2004  # a millisecond


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
