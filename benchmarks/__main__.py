"""``python -m benchmarks [NAME …] [--quick] [--no-peer]``; the exit code says only whether it ran."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import json
import subprocess
import sys
from pathlib import Path

from benchmarks import flat, report
from benchmarks.counting import count
from benchmarks.fresh import fresh
from benchmarks.logs import listen
from benchmarks.peer import REQUIREMENT, Peer, environment
from benchmarks.rounds import Effort, take
from benchmarks.timing import settle, timed
from benchmarks.workload import FreshWorkload, Work, Workload
from benchmarks.workloads import WORKLOADS

CACHE = Path(__file__).resolve().parent.parent / ".cache" / "bench"
MEMORY = "memory"


def main() -> None:
    """Measure what was asked for, print it, and keep it as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join([*WORKLOADS, MEMORY])}")
    parser.add_argument("--quick", action="store_true", help="a fifth of the rounds: good for a look, not for a claim")
    parser.add_argument("--no-peer", action="store_true", help="only ours and the limit")
    arguments = parser.parse_args()
    names: list[str] = arguments.names or [*WORKLOADS, MEMORY]
    unknown = [name for name in names if name not in WORKLOADS and name != MEMORY]
    if unknown:
        parser.error(f"no workload is called {', '.join(unknown)}")
    effort = Effort(rounds=11, programs=3) if arguments.quick else Effort()
    listen()
    settle()
    with contextlib.ExitStack() as stack:
        peer = None if arguments.no_peer else _peer()
        if peer is not None:
            stack.enter_context(peer)
        against = peer.name if peer is not None else None
        print(report.headline(effort, against), end="\n\n")
        results = [_measure(WORKLOADS[name], peer, effort) for name in names if name in WORKLOADS]
    report.progress("")
    if results:
        print(report.times(results), report.counts(results), report.legend(results), sep="\n\n", end="\n\n")
    grown = flat.measure(100_000 if arguments.quick else 1_000_000) if MEMORY in names else []
    if grown:
        print(report.growth(grown), end="\n\n")
    _keep(report.as_json(results, grown, effort, against))


def _peer() -> Peer | None:
    try:
        return Peer(environment(CACHE))
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"{REQUIREMENT} could not be installed, so it is left out: {error}", file=sys.stderr)
        return None


def _measure(workload: Workload | FreshWorkload, peer: Peer | None, effort: Effort) -> report.Result:
    report.progress(workload.name)
    if isinstance(workload, FreshWorkload):
        programs = {"ours": Work(fresh(workload.ours)), "limit": Work(fresh(workload.limit))}
        if peer is not None and workload.peer is not None:
            programs["peer"] = Work(fresh(workload.peer, peer.python, ()))
        return report.Result(workload, take(programs, effort.programs, 0), {})
    sides = {side: work.by(timed) for side, work in (("ours", workload.ours), ("limit", workload.limit))}
    counts = {"ours": count(workload.ours.run), "limit": count(workload.limit.run)}
    if peer is not None and workload.peer is not None:
        sides["peer"] = workload.peer.by(peer.timer)
        counts["peer"] = peer.count(workload.peer.run)
    return report.Result(
        workload, take(sides, effort.rounds, effort.seconds), counts if workload.ours.less is None else {}
    )


def _keep(found: dict[str, object]) -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    moment = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
    file = CACHE / f"{moment}.json"
    file.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"kept as {file.relative_to(CACHE.parent.parent)}")


if __name__ == "__main__":
    main()
