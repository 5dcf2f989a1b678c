"""The table: what was measured, beside the peer and the limit, and whether that meets the target."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from benchmarks.results import CACHE, described, keep, machine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from benchmarks.rounds import Samples

COLUMNS = ("work", "ours", "peer", "ours / peer", "limit", "ours / limit", "target")
_WIDTHS = (40, 11, 11, 12, 11, 13)


@dataclasses.dataclass(frozen=True, slots=True)
class Target:
    """What was promised, and whether it is so. ``found`` is the figure, where no column has it."""

    promise: str
    met: bool
    found: str = ""

    def __str__(self) -> str:
        verdict = "met" if self.met else "MISSED"
        return f"{self.promise}: {verdict}" + (f" ({self.found})" if self.found else "")


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One line; the notes stand below it. Cells that mean nothing are empty."""

    name: str
    ours: str
    peer: str = ""
    to_peer: str = ""
    limit: str = ""
    to_limit: str = ""
    targets: Sequence[Target] = ()
    notes: Sequence[str] = ()

    @property
    def cells(self) -> tuple[str, ...]:
        """As they stand in the table."""
        verdict = ", ".join(map(str, self.targets))
        return (self.name, self.ours, self.peer, self.to_peer, self.limit, self.to_limit, verdict)


class Table:
    """Prints each row when it is known, and keeps all in a file at the end."""

    def __init__(self, **about: Any) -> None:
        self._about = {**machine(), **about}
        self._rows: list[Row] = []
        print(headline(self._about), flush=True)
        self._print(COLUMNS)

    def add(self, row: Row) -> None:
        """Print it."""
        self._rows.append(row)
        self._print(row.cells)
        for note in row.notes:
            print(f"    {note}", flush=True)

    def keep(self) -> None:
        """Keep all in a file."""
        rows = [{**dataclasses.asdict(row), "cells": row.cells} for row in self._rows]
        keep({"about": self._about, "rows": rows}, CACHE / "durable")

    @staticmethod
    def _print(cells: Sequence[str]) -> None:
        name, *figures, verdict = cells
        padded = [
            name.ljust(_WIDTHS[0]),
            *(cell.rjust(width) for cell, width in zip(figures, _WIDTHS[1:], strict=True)),
        ]
        print("".join(padded) + f"   {verdict}".rstrip(), flush=True)


def headline(about: Mapping[str, Any]) -> str:
    """What was measured, and where."""
    found = f"{described(about)}, PostgreSQL {about['postgresql']} with fsync"
    return f"{found}, {about['peer']}" if about["peer"] else found


def rates(name: str, found: Samples, targets: Sequence[Target] = (), notes: Sequence[str] = ()) -> Row:
    """A row of messages per second, of the sides that were measured: ``ours``, ``peer`` and ``limit``."""
    has_peer, has_limit = "peer" in found, "limit" in found
    return Row(
        name,
        rate(found["ours"]),
        rate(found["peer"]) if has_peer else "",
        f"{found.ratio('ours', 'peer'):,.1f}×" if has_peer else "",
        rate(found["limit"]) if has_limit else "",
        f"{found.ratio('ours', 'limit'):.2f}" if has_limit else "",
        targets,
        notes,
    )


def least(found: Samples, rate_least: int, times_peer: int) -> list[Target]:
    """So many per second, and so many times the peer if that was measured."""
    targets = [Target(f"≥ {rate_least:,}/s", found["ours"] >= rate_least)]
    if "peer" in found:
        targets.append(Target(f"≥ {times_peer}× peer", found.ratio("ours", "peer") >= times_peer))
    return targets


def rate(each_second: float) -> str:
    """As it stands in a cell."""
    return f"{each_second:,.0f}/s"


def milliseconds(seconds: float) -> str:
    """The same, of a duration."""
    return f"{seconds * 1e3:.2f} ms"
