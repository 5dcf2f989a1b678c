"""Prints rates, ratios and targets of durable messaging; needs PostgreSQL. The exit code does not judge.

Without names all but `backlog` and `memory` are measured, and with `--long` these, too.
"""

from __future__ import annotations

import argparse
import asyncio
from typing import TYPE_CHECKING

from benchmarks.durable import adding, backlog, inbox, kafka, lines, memory, polling, relay
from benchmarks.durable.counting import prepare_counting
from benchmarks.durable.peer import Peer
from benchmarks.durable.server import postgresql
from benchmarks.durable.shop import Stand
from benchmarks.peer import REQUIREMENT

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

_LONG = ("backlog", "memory")
_NAMES = ("relay", "kafka", "add", "inbox", "latency", "poll", *_LONG)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.durable", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"what to measure: {', '.join(_NAMES)}")
    parser.add_argument("--long", action="store_true", help="everything, beside 10 M rows; half an hour, 10 GB of disk")
    parser.add_argument("--rows", type=int, help="for poll and backlog, and half of it for memory; instead of 1 M")
    parser.add_argument("--no-peer", action="store_true", help="only ours and the limit")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(_NAMES):
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    names = arguments.names or [name for name in _NAMES if arguments.long or name not in _LONG]
    rows = arguments.rows or (10_000_000 if arguments.long else 1_000_000)
    asyncio.run(_measure(names, rows, with_peer=not arguments.no_peer))


async def _measure(names: list[str], rows: int, *, with_peer: bool) -> None:
    async with postgresql() as (address, version):
        peer = await Peer.installed(address) if with_peer and {"relay", "inbox"} & set(names) else None
        against = "no peer" if peer is None else REQUIREMENT
        print(f"PostgreSQL {version}, fsync on; against {against}; medians of {lines.ROUNDS} rounds")
        await prepare_counting(address)
        stand = Stand(address)
        await stand.start()
        shows: dict[str, Callable[[], Coroutine[object, object, None]]] = {
            "relay": lambda: relay.show(stand, peer),
            "kafka": lambda: kafka.show(stand),
            "add": lambda: adding.show(stand),
            "inbox": lambda: inbox.show(stand, peer),
            "latency": lambda: polling.show_latency(stand),
            "poll": lambda: polling.show_poll(stand, rows),
            "backlog": lambda: backlog.show(stand, rows),
            "memory": lambda: memory.show(stand, rows // 2),
        }
        for name in names:
            await shows[name]()
        await stand.engine.dispose()


if __name__ == "__main__":
    main()
