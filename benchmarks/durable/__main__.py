"""Durable messaging, measured: ours beside the peer and the limit. Needs PostgreSQL; the exit code does not judge.

Without names all but `backlog` and `memory` are measured, in about five minutes; a run that counts wrong ends with an
error. Servers and files of the run are gone when it ends, also if it is interrupted.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import signal
import sys
import tempfile

from benchmarks.command import parsed
from benchmarks.durable.peer import Peer
from benchmarks.durable.server import SafePostgreSQL, running
from benchmarks.durable.server_counts import prepare_counting
from benchmarks.durable.shop import Stand
from benchmarks.durable.table import Table
from benchmarks.durable.workload import Bench
from benchmarks.durable.workloads import WORKLOADS
from benchmarks.peer import NAME
from tests.servers.recipe import Missing

_BYTES_PER_ROW, _BYTES = 1_000, 6_000_000_000  # the server's log takes up to 4 GB


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.durable", description=__doc__)
    parser.add_argument(
        "--long", action="store_true", help="also `backlog` and `memory`, and 10 M rows: ten minutes, 16 GB of disk"
    )
    parser.add_argument(
        "--rows", type=int, help="for poll and backlog, and half as many for memory; 1 M, or 10 M with --long"
    )
    parser.add_argument("--minutes", type=float, default=60.0, help="after which the run ends with an error; 60")
    arguments = parsed(parser, list(WORKLOADS))
    names = arguments.names or [name for name, workload in WORKLOADS.items() if arguments.long or not workload.long]
    rows = arguments.rows or (10_000_000 if arguments.long else 1_000_000)
    needed, free = _BYTES + rows * _BYTES_PER_ROW, shutil.disk_usage(tempfile.gettempdir()).free
    if free < needed:
        parser.error(f"{tempfile.gettempdir()} has {free / 1e9:.0f} GB free, and {rows:,} rows need {needed / 1e9:.0f}")
    signal.signal(signal.SIGTERM, _interrupt)  # or its servers would go on
    try:
        asyncio.run(_measure(names, rows, arguments.minutes, with_peer=not arguments.no_peer))
    except Missing as missing:
        sys.exit(f"Without it nothing can be measured: {missing}")


def _interrupt(_number: int, _frame: object) -> None:
    signal.raise_signal(signal.SIGINT)


async def _measure(names: list[str], rows: int, minutes: float, *, with_peer: bool) -> None:
    async with asyncio.timeout(60 * minutes), running(SafePostgreSQL()) as (address, version):
        peer = await Peer.installed(address) if with_peer and any(WORKLOADS[name].with_peer for name in names) else None
        await prepare_counting(address)
        stand = Stand(address)
        await stand.start()
        table = Table(postgresql=version, peer=peer and NAME)
        bench = Bench(table, stand, peer, rows)
        for name in names:
            await WORKLOADS[name].show(bench)
        await stand.engine.dispose()
    table.keep()


if __name__ == "__main__":
    main()
