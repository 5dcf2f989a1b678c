"""``python -m benchmarks.durable [--long] [--no-peer]``: prints rates, ratios and targets; needs PostgreSQL."""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.durable import kafka, ours
from benchmarks.durable.server import connected, postgresql
from benchmarks.durable.shop import Stand
from benchmarks.peer import REQUIREMENT, environment
from tests.servers.recipe import Missing

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 3


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.durable", description=__doc__)
    parser.add_argument("--long", action="store_true", help="10 M sent rows beside the poll, not 1 M")
    parser.add_argument("--no-peer", action="store_true", help="only ours and the limit")
    arguments = parser.parse_args()
    peer = None if arguments.no_peer else _peer()
    asyncio.run(_measure(peer, 10_000_000 if arguments.long else 1_000_000))


async def _measure(peer: str | None, sent_rows: int) -> None:
    async with postgresql() as (address, version):
        print(
            f"PostgreSQL {version}, fsync on; against {REQUIREMENT if peer else 'no peer'}; medians of {ROUNDS} rounds"
        )
        stand = Stand(address)
        await stand.start()
        await _database(address, "peer")  # its table has the same name
        for ack, least in ((0.0, 30_000), (0.001, 20_000)):
            await _relay(stand, address, peer, ack, least)
        await _kafka(stand)
        await _add(stand, address)
        await _inbox(stand, address)
        for wake_up in ("notify", "log"):
            found = await ours.latency(stand, wake_up, 200)
            p50, p99 = (found[len(found) * share // 100] * 1e3 for share in (50, 99))
            _line(f"commit to broker, {wake_up}", f"p50 {p50:.2f} ms, p99 {p99:.2f} ms", "p50 <= 5 ms", p50 <= 5)  # noqa: PLR2004
        empty, beside = await ours.empty_poll(stand, 0), await ours.empty_poll(stand, sent_rows)
        text = f"{empty * 1e3:.2f} ms beside none, {beside * 1e3:.2f} ms beside {sent_rows:,} sent rows"
        _line("empty poll", text, "the same (<= 1.5x)", beside <= 1.5 * empty)
        await stand.engine.dispose()


async def _relay(stand: Stand, address: str, peer: str | None, ack: float, least: int) -> None:
    count = 60_000
    mine = await _median(lambda: ours.relay(stand, count, ack))
    kept = await _median(lambda: ours.relay(stand, count, ack, keep=True))
    limit = await _median(lambda: ours.relay_by_hand(stand, address, count, ack))
    name = f"relay, ack {ack * 1e3:g} ms"
    _line(name, f"{mine:,.0f}/s, {kept:,.0f}/s when sent rows are kept", f">= {least:,}/s", mine >= least)
    _line("", f"{mine / limit:.2f} of the shortest way ({limit:,.0f}/s)", "", None)
    if peer is not None:
        theirs = _theirs(peer, address, 3_000 if not ack else 1_000, ack)
        _line(
            "",
            f"{mine / theirs['relay']:.0f}x the peer ({theirs['relay']:,.0f}/s)",
            ">= 15x",
            mine >= 15 * theirs["relay"],
        )


async def _kafka(stand: Stand) -> None:
    try:
        async with kafka.kafka() as (address, version):
            rounds = [
                (await kafka.relay(stand, address, 30_000), await kafka.producer_alone(stand, address, 30_000))
                for _ in range(ROUNDS + 1)
            ][1:]  # the first one makes the topic
    except Missing as missing:
        print(f"{'relay to Kafka':<26}left out: {missing}")
        return
    mine, bare = (median(side) for side in zip(*rounds, strict=True))
    share = median(mine / bare for mine, bare in rounds)
    _line(
        f"relay to Kafka {version}",
        f"{mine:,.0f}/s, {share:.2f} of a bare producer ({bare:,.0f}/s)",
        ">= 0.7",
        share >= 0.7,  # noqa: PLR2004
    )


async def _add(stand: Stand, address: str) -> None:
    await stand.run("TRUNCATE outbox")
    rounds = [
        (await ours.add(stand, 400), await ours.add_by_session(stand, 400), await ours.add_by_driver(address, 400))
        for _ in range(2 * ROUNDS + 1)
    ]
    mine, session, driver = (median(side) for side in zip(*rounds, strict=True))
    to_session = median(session / mine for mine, session, _ in rounds)
    to_driver = median(driver / mine for mine, _, driver in rounds)
    _line("add + commit", f"{mine:,.0f}/s; {to_session:.2f}x a session's INSERT + COMMIT", "<= 1.3x", to_session <= 1.3)  # noqa: PLR2004
    _line("", f"{to_driver:.2f}x the driver's ({driver:,.0f}/s; the session's {session:,.0f}/s)", "", None)


async def _inbox(stand: Stand, address: str) -> None:
    mine = await _median(lambda: ours.inbox(stand, 30_000))
    limit = await _median(lambda: ours.inbox_by_hand(address, 30_000))
    single = await ours.inbox_one_by_one(address, 500)
    _line("inbox, batches of 500", f"{mine:,.0f}/s", ">= 20,000/s", mine >= 20_000)  # noqa: PLR2004
    _line(
        "",
        f"{mine / limit:.2f} of the marks alone ({limit:,.0f}/s), {mine / single:.0f}x one by one ({single:,.0f}/s)",
        "",
        None,
    )


async def _median(measured: Callable[[], Awaitable[float]]) -> float:
    return median([await measured() for _ in range(ROUNDS)])


async def _database(address: str, name: str) -> None:
    connection = await connected(address)
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()


def _peer() -> str | None:
    try:
        python = str(environment(ROOT / ".cache" / "bench"))
        pip = [
            python,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "sqlalchemy[asyncio]",
            "asyncpg",
        ]
        subprocess.run(pip, check=True)  # noqa: S603  # fixed commands
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"{REQUIREMENT} could not be installed, so it is left out: {error}", file=sys.stderr)
        return None
    return python


def _theirs(python: str, address: str, count: int, ack: float) -> dict[str, float]:
    script = ROOT / "benchmarks" / "peers" / "python_cqrs_outbox.py"
    url = address.replace("postgresql:", "postgresql+asyncpg:").removesuffix("/postgres") + "/peer"
    command = [python, "-E", "-s", str(script), url, str(count), str(ack)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd="/")  # noqa: S603  # ourselves
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def _line(name: str, found: str, target: str, met: bool | None) -> None:  # noqa: FBT001  # it is the verdict
    verdict = "" if met is None else f"   {target}: {'met' if met else 'missed'}"
    print(f"{name:<26}{found}{verdict}", flush=True)


if __name__ == "__main__":
    main()
