"""``python -m benchmarks [NAME …] [--quick] [--no-peer]``; the exit code says only whether it ran."""

from __future__ import annotations

import argparse
import contextlib

from benchmarks import flat, notes, report
from benchmarks.command import parsed
from benchmarks.counting import count, surplus
from benchmarks.fresh import fresh
from benchmarks.logs import listen
from benchmarks.peer import Other, installed, peer
from benchmarks.results import keep
from benchmarks.rounds import Effort, take
from benchmarks.timing import in_the_loop, settle, timed
from benchmarks.workload import FreshWorkload, Work, Workload
from benchmarks.workloads import WORKLOADS

MEMORY = "memory"


def main() -> None:
    """Measure what was asked for, print it, and keep it as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a fifth of the rounds: good for a look, not for a claim")
    arguments = parsed(parser, [*WORKLOADS, MEMORY])
    names: list[str] = arguments.names or [*WORKLOADS, MEMORY]
    effort = Effort(rounds=11, programs=3) if arguments.quick else Effort()
    listen()
    settle()
    with contextlib.ExitStack() as stack:
        stack.callback(lambda: in_the_loop(notes.close()))
        python = None if arguments.no_peer else installed()
        other = None if python is None else stack.enter_context(peer(python))
        alone = stack.enter_context(Other("benchmarks.alone", "SQLAlchemy alone"))
        against = other.name if other is not None else None
        print(report.headline(effort, against), end="\n\n")
        results = [_measure(WORKLOADS[name], other, alone, effort) for name in names if name in WORKLOADS]
    report.progress("")
    if results:
        print(report.times(results), report.counts(results), report.legend(results), sep="\n\n", end="\n\n")
    grown = flat.measure(100_000 if arguments.quick else 1_000_000) if MEMORY in names else []
    if grown:
        print(report.growth(grown), end="\n\n")
    keep(report.as_json(results, grown, effort, against))


def _measure(workload: Workload | FreshWorkload, other: Other | None, alone: Other, effort: Effort) -> report.Result:
    report.progress(workload.name)
    if isinstance(workload, FreshWorkload):
        programs = {"ours": Work(fresh(workload.ours)), "limit": Work(fresh(workload.limit))}
        if other is not None and workload.peer is not None:
            programs["peer"] = Work(fresh(workload.peer, other.python, ()))
        return report.Result(workload, take(programs, effort.programs, 0), {})
    ours, limit = workload.ours, workload.limit
    sides = {"ours": ours.by(timed)}
    counts = {"ours": surplus(ours.by(lambda run: count(run, workload.database)))}
    if isinstance(limit, str):
        sides["limit"], counts["limit"] = Work(alone.timer(limit), least=ours.least), alone.count(limit)
    else:
        sides["limit"], counts["limit"] = limit.by(timed), surplus(limit.by(count))
    if other is not None and workload.peer is not None:
        sides["peer"] = workload.peer.by(other.timer)
        counts["peer"] = surplus(workload.peer.by(other.count))
    return report.Result(workload, take(sides, effort.rounds, effort.seconds), counts)


if __name__ == "__main__":
    main()
