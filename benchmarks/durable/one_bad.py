"""From a full outbox to a broker that refuses every batch with one bad message in it."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING

from benchmarks.durable.checks import must_be
from benchmarks.durable.shop import PipelineBroker, sent
from benchmarks.durable.table import Target, rates
from benchmarks.rounds import take_awaited
from cqrs.workers import OutboxRelay, RelayPolicy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.durable.shop import Stand
    from benchmarks.durable.workload import Bench
    from cqrs.envelope import Envelope

_COUNT = 100_000
_BATCH = 500
_ACK = 0.001
_LEAST = 0.9
_BAD = "bad"
_NOTES = [
    f"batches of {_BATCH}, {_ACK * 1e3:g} ms an answer, an unknown error for the whole batch; the others are counted",
    "limit: ours, without the bad message",
]


class _Unable(RuntimeError):
    """An error that the relay does not know."""


class PickyBroker(PipelineBroker):
    """Takes a batch, or nothing of it."""

    async def send(self, envelopes: Sequence[Envelope]) -> list[Exception | None]:
        """Take many."""
        if any(envelope.key == _BAD for envelope in envelopes):
            await asyncio.sleep(_ACK)
            raise _Unable
        return await super().send(envelopes)


async def show(bench: Bench) -> None:
    """Fill in the row of the bad message."""
    table, stand = bench.table, bench.stand
    sides = {"ours": partial(_others, stand, bad=1), "limit": partial(_others, stand, bad=0)}
    found = await take_awaited(sides)
    ratio = found.ratio("ours", "limit")
    name = f"one bad message of {_COUNT:,}"
    table.add(rates(name, found, [Target(f"≥ {_LEAST} of without", ratio >= _LEAST)], _NOTES))


async def _others(stand: Stand, *, bad: int) -> float:
    """Good messages per second."""
    await stand.fill(_COUNT)
    if bad:
        await stand.run("UPDATE outbox SET message_key = :bad WHERE id = (SELECT min(id) + 1234 FROM outbox)", bad=_BAD)
    broker = PickyBroker(_ACK)
    worker = OutboxRelay(stand.outbox(), broker, RelayPolicy(batch_size=_BATCH), wake_up="poll")
    begin = time.perf_counter()
    async with worker:
        await sent(worker, _COUNT - bad)
        seconds = time.perf_counter() - begin
    must_be("messages that the broker has", broker.count, _COUNT - bad)
    return (_COUNT - bad) / seconds
