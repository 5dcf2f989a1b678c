"""The table of the durable benchmarks: its figures are right, and a run with a wrong count ends."""

from __future__ import annotations

import pytest

from benchmarks import rounds
from benchmarks.durable import checks, figures, table
from benchmarks.durable.server_counts import Counts


async def test_the_ratio_is_the_median_of_the_ratios_within_the_rounds_whose_order_turns_around() -> None:
    asked: list[str] = []
    answers = {"ours": iter([10.0, 100.0, 30.0]), "limit": iter([20.0, 100.0, 300.0])}

    def side(name: str) -> rounds.Side:
        async def measure() -> float:
            asked.append(name)
            return next(answers[name])

        return measure

    found = await rounds.take_awaited({"ours": side("ours"), "limit": side("limit")}, 3)
    assert asked == ["ours", "limit", "limit", "ours", "ours", "limit"]
    assert (found["ours"], found["limit"]) == (30.0, 100.0)
    assert found.ratio("ours", "limit") == 0.5


@pytest.mark.parametrize(
    ("ours", "peer", "verdicts"),
    [(100, 5, ["met", "met"]), (99, 4, ["MISSED", "met"]), (100, 6, ["met", "MISSED"])],
)
def test_each_target_has_its_own_verdict(ours: float, peer: float, verdicts: list[str]) -> None:
    found = rounds.Samples({"ours": [ours], "peer": [peer]})
    assert [str(target).rpartition(": ")[2] for target in table.least(found, 100, 20)] == verdicts


def test_a_wrong_count_ends_the_run() -> None:
    checks.must_be("rows", 3, 3)
    with pytest.raises(checks.WrongCount, match="rows: 2, and it must be 3"):
        checks.must_be("rows", 2, 3)


def test_statements_and_commits_are_shown_for_a_thousand_messages_of_each_side() -> None:
    ours, theirs = Counts(500, 2, 1), Counts(100, 700, 100)
    assert ours.beside() == "per 1,000 messages: 4.0 statements, 2.0 commits"
    assert ours.beside(theirs).endswith("; the peer 7,000.0 statements, 1,000.0 commits")


def test_the_page_shows_the_rows_it_is_asked_for_with_their_notes_and_without_empty_columns() -> None:
    rows = [
        table.Row("relay", "9/s", limit="10/s", to_limit="0.90", notes=["limit: by hand", "per 1,000 messages: few"]),
        table.Row("  sent rows are kept", "8/s"),
        table.Row("take", "1 ms"),
    ]
    about = {"python": "CPython", "platform": "Linux", "cores": 2, "postgresql": "15", "peer": None}
    run = {"about": about, "rows": [{"name": row.name, "cells": row.cells, "notes": row.notes} for row in rows]}
    assert figures.shown(run, ("relay",)) == (
        "CPython, Linux, 2 cores, PostgreSQL 15 with fsync:\n\n"
        "| work | ours | limit | ours / limit |\n"
        "| --- | --: | --: | --: |\n"
        "| relay | 9/s | 10/s | 0.90 |\n"
        "| … sent rows are kept | 8/s |  |  |\n\n"
        "* relay: per 1,000 messages: few"
    )
