"""The benchmarks of a request: they count what is done, and a target that is missed is shown as missed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from benchmarks import notes, report, rounds
from benchmarks.counting import Counts, Told, count, surplus
from benchmarks.peer import Other
from benchmarks.timing import in_the_loop
from benchmarks.workload import Most, Target, Work, Workload
from benchmarks.workloads import WORKLOADS, transactions

ROOT = Path(__file__).resolve().parents[2]


async def _nothing(_: int) -> None: ...


@pytest.mark.parametrize("name", ["database", "database-nested"])
def test_a_turn_that_does_not_touch_its_database_takes_no_connection_and_no_statement(name: str) -> None:
    workload = WORKLOADS[name]
    assert isinstance(workload, Workload)
    assert workload.database is transactions.TOLD
    counts = count(workload.ours.run, workload.database)
    assert (counts.statements, counts.connections) == (0, 0)
    assert counts.frames > 0


def test_the_statements_and_connections_of_a_turn_that_touches_the_database_are_counted() -> None:
    async def read(times: int) -> None:
        for _ in range(times):
            async with transactions.DATABASE.transaction() as session:
                await session.execute(text("SELECT 1"))
                await session.execute(text("SELECT 2"))

    try:
        counts = count(read, transactions.TOLD)
    finally:
        in_the_loop(transactions.DATABASE.engine.dispose())
    assert counts.connections == 1
    assert counts.statements is not None
    assert counts.statements >= 2


def test_each_statement_of_the_workloads_reads_the_row_of_the_file() -> None:
    async def read() -> tuple[int | None, int | None]:
        try:
            async with notes.new_engine().connect() as connection:
                before = await connection.scalar(notes.SELECT)
            for workload in ("statement", "statement-turn"):
                ours = WORKLOADS[workload].ours
                assert isinstance(ours, Work)
                await ours.run(3)
            async with notes.new_engine().connect() as connection:
                return before, await connection.scalar(notes.SELECT)
        finally:
            await notes.close()

    assert in_the_loop(read()) == (5, 5)


def test_of_two_counts_the_difference_is_that_of_one_part_and_the_database_counts_whole() -> None:
    counts = Work(Counts(30, 12, 1_000, statements=2, connections=1), less=Counts(6, 4, 200), parts=8)
    assert surplus(counts) == Counts(3, 1, 100, statements=2, connections=1)
    assert surplus(Work(counts.run)) == counts.run


def test_a_sample_does_its_work_at_least_as_often_as_is_asked_for() -> None:
    done: list[int] = []

    def timer(count: int) -> float:
        done.append(count)
        return 1.0

    assert rounds.take({"ours": Work(timer, least=100)}, 2, 0.01).taken == {"ours": [0.01, 0.01]}
    assert done[-2:] == [100, 100]


def test_a_database_is_counted_only_while_calls_are() -> None:
    told = Told(statements=7)

    async def tell(times: int) -> None:
        told.statements += times

    assert count(tell, told).statements == 1
    assert count(tell).statements is None


@pytest.mark.parametrize(("statements", "verdict"), [(0, "met (0)"), (0.5, "missed (0.5)"), (None, "not measured")])
def test_a_target_for_a_count_has_a_verdict_with_what_was_counted(statements: float | None, verdict: str) -> None:
    workload = Workload("name", "what", Work(_nothing), Work(_nothing))
    counts = {"ours": Counts(6, 1, 0, statements=statements)}
    result = report.Result(workload, rounds.Samples({"ours": [2.0], "limit": [1.0]}), counts)
    assert result.verdict(Most("statements", 0)) == verdict
    assert result.verdict(Most("frames", 5)) == "missed (6)"
    assert result.verdict(Target("limit", 2)) == "met"
    assert str(Most("c_calls", 1)) == "≤ 1 C calls"


@pytest.mark.slow
def test_sqlalchemy_alone_is_measured_in_a_process_without_cqrs() -> None:
    program = "import sys, benchmarks.alone; print('sqlalchemy' in sys.modules, 'cqrs' in sys.modules)"
    command = [sys.executable, "-c", program]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert shown.split() == ["True", "False"]
    with Other("benchmarks.alone", "SQLAlchemy alone") as alone:
        assert alone.count("statement").frames > 0
        assert alone.timer("transaction")(2) > 0
