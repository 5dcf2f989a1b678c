"""A queue in memory looks at the clock once each time it takes."""

from __future__ import annotations

import datetime as dt

from cqrs.outbox.queue import Failure, Outcome
from cqrs.outbox.rows import PARTITIONS
from tests.unit.workers.test_outbox_relay import Outbox


async def test_nothing_overtakes_a_message_whose_hold_ends_while_others_are_taken() -> None:
    outbox = Outbox()
    await outbox.fill(1, 2, key=lambda _: "key")
    store = outbox.store
    queue = outbox.queue()
    held = await queue.leases.keep(queue.scope, "relay", count=PARTITIONS, ttl=60.0)
    head, _ = await queue.take(range(PARTITIONS), 10)
    begin = store.now()
    await queue.settle(held.fences, Outcome(failed=[Failure(head, "no", 60.0)]))
    ticks = iter(range(10))
    store.now = lambda: begin + dt.timedelta(seconds=59 + 2 * next(ticks))
    (second,) = await queue.take(range(PARTITIONS), 10)
    assert second.blocked
