"""The results as a table for people, and as JSON for comparing runs."""

from __future__ import annotations

import dataclasses
import sys
from typing import TYPE_CHECKING, Any

from benchmarks.results import described, machine
from benchmarks.workload import Most

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from benchmarks.counting import Counts
    from benchmarks.flat import Growth
    from benchmarks.rounds import Effort, Samples
    from benchmarks.workload import FreshWorkload, Target, Workload

_MICRO, _MILLI = 1e6, 1e3
_NOTHING = "-"


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """One workload, measured."""

    workload: Workload | FreshWorkload
    samples: Samples
    counts: dict[str, Counts]

    @property
    def to_limit(self) -> float:
        """How many times the limit ours takes."""
        return self.samples.ratio("ours", "limit")

    @property
    def to_peer(self) -> float | None:
        """How many times faster than the peer ours is."""
        return self.samples.ratio("peer", "ours") if "peer" in self.samples else None

    def verdict(self, target: Target | Most) -> str:
        """``met`` or ``missed``, or that it was not measured; of a count also its value."""
        if isinstance(target, Most):
            found: float | None = getattr(self.counts.get("ours"), target.what, None)
            if found is None:
                return "not measured"
            return f"{'met' if found <= target.bound else 'missed'} ({found:g})"
        ratio = self.to_limit if target.than == "limit" else self.to_peer
        if ratio is None:
            return "not measured"
        return "met" if target.met(ratio) else "missed"


def environment() -> dict[str, Any]:
    """What the figures were taken on."""
    return {**machine(), "pydantic": __import__("pydantic").VERSION}


def headline(effort: Effort, peer: str | None) -> str:
    """What was compared, where and how."""
    facts = environment()
    against = peer or "no peer"
    return (
        f"{described(facts)}, pydantic {facts['pydantic']}; {against}\n"
        f"CPU time per operation: median (best) of {effort.rounds} interleaved rounds of "
        f"{effort.seconds * _MILLI:g} ms, of {effort.programs} for programs\n"
        "ratios: median of the ratios within a round"
    )


def times(results: Sequence[Result]) -> str:
    """The table of times, ratios and targets."""
    rows = [["", "peer", "ours", "limit", "ours / limit", "peer / ours", "target"]]
    rows += [
        [
            result.workload.name,
            *(_time(result.samples, side) for side in ("peer", "ours", "limit")),
            f"{result.to_limit:.2f}×",
            _NOTHING if result.to_peer is None else f"{result.to_peer:.1f}×",
            ", ".join(f"{target} {result.verdict(target)}" for target in result.workload.targets),
        ]
        for result in results
    ]
    return _table(rows)


def counts(results: Sequence[Result]) -> str:
    """The table of what one operation does."""
    sides = ("peer", "ours", "limit")
    rows = [["", *(f"{what} {side}" for what in ("frames", "C calls", "bytes") for side in sides)]]
    for result in results:
        if result.counts:
            found = [result.counts.get(side) for side in sides]
            rows.append(
                [
                    result.workload.name,
                    *(_NOTHING if c is None else f"{c.frames:g}" for c in found),
                    *(_NOTHING if c is None else f"{c.c_calls:g}" for c in found),
                    *(_NOTHING if c is None else f"{c.bytes_held:,}" for c in found),
                ]
            )
    return _table(rows)


def growth(grown: Iterable[Growth]) -> str:
    """The table of what stays behind."""
    rows = [["", "operations", "resident", "blocks", "traced", "target"]]
    rows += [
        [
            g.what,
            f"{g.operations:,}",
            f"{g.resident_bytes / 1024:+,.0f} KiB",
            f"{g.blocks:+,}",
            f"{g.traced_bytes:+,} B after {g.traced_operations:,}",
            f"flat {'met' if g.flat else 'missed'}",
        ]
        for g in grown
    ]
    return _table(rows)


def legend(results: Iterable[Result]) -> str:
    """What each workload is."""
    results = list(results)
    width = max(len(result.workload.name) for result in results)
    return "\n".join(f"{result.workload.name:<{width}}  {result.workload.what}" for result in results)


def as_json(results: Iterable[Result], grown: Iterable[Growth], effort: Effort, peer: str | None) -> dict[str, Any]:
    """Everything that was found."""
    return {
        "machine": environment(),
        "peer": peer,
        "effort": dataclasses.asdict(effort),
        "workloads": {
            r.workload.name: {
                "what": r.workload.what,
                "median_seconds": {side: r.samples[side] for side in r.samples.taken},
                "best_seconds": {side: r.samples.minimum(side) for side in r.samples.taken},
                "ours_to_limit": r.to_limit,
                "peer_to_ours": r.to_peer,
                "counts": {side: dataclasses.asdict(c) for side, c in r.counts.items()},
                "targets": {str(target): r.verdict(target) for target in r.workload.targets},
            }
            for r in results
        },
        "memory": [{**dataclasses.asdict(g), "flat": g.flat} for g in grown],
    }


def _time(samples: Samples, side: str) -> str:
    if side not in samples:
        return _NOTHING
    median, best = samples[side], samples.minimum(side)
    unit, factor = ("ms", _MILLI) if median > 1 / _MILLI else ("µs", _MICRO)
    return f"{median * factor:.3g} ({best * factor:.3g}) {unit}"


def _table(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    last = len(widths) - 1
    lines = [
        "  ".join(
            cell.ljust(width) if column in (0, last) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join([lines[0], "─" * max(map(len, lines)), *lines[1:]])


def progress(text: str) -> None:
    """Show it on the terminal, and not in a file that the output goes to."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
