"""From messages that have arrived to their effects, each once."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import cqrs
from benchmarks.durable import inbox_by_hand, lines
from benchmarks.durable.arriving import Backlog
from benchmarks.durable.counting import counting
from benchmarks.durable.effects import Base, add_object, add_values, do_nothing
from benchmarks.durable.shop import DATABASE, OrderPlaced
from cqrs.events import bootstrap

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from benchmarks.durable.peer import Peer
    from benchmarks.durable.shop import Stand

_COUNT = 30_000
_BATCH = 500
_LEAST = 20_000
_HANDLERS = (
    ("a row by the ORM", "row", add_object),
    ("a row, one INSERT for a batch", "row", add_values),
    ("a handler that does nothing", "nothing", do_nothing),
)


async def show(stand: Stand, peer: Peer | None) -> None:
    """Print all of it."""
    async with stand.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    for name, what, handler in _HANDLERS:
        mine = await lines.middle(inbox, stand, _COUNT, handler)
        limit = await lines.middle(inbox_by_hand.batches, stand, _COUNT, _BATCH, rows=what == "row")
        single = await inbox_by_hand.one_by_one(stand, 500, rows=what == "row")
        found = f"{mine:,.0f}/s, batches of {_BATCH}, {name}"
        lines.line("inbox", found, f">= {_LEAST:,}/s", mine >= _LEAST)
        lines.line("", f"{mine / limit:.2f} of the same INSERTs by the driver ({limit:,.0f}/s)")
        lines.line("", f"{mine / single:.0f}x a transaction for each message by the driver ({single:,.0f}/s)")
        theirs = None
        if peer is not None:
            theirs, how = await peer.inbox(3_000, what)
            lines.times(mine, theirs.rate, 20)
            lines.line("", f"the peer's best here: {how}")
        await stand.engine.dispose()
        async with counting(stand.address, DATABASE) as counts:
            await drain(stand, Backlog(_COUNT), _COUNT, handler)
            await stand.engine.dispose()
        lines.counted(counts, _COUNT, theirs)


async def inbox(stand: Stand, count: int, handler: Callable[[OrderPlaced], Awaitable[None]]) -> float:
    """Messages per second, until the last one is committed."""
    await stand.run("TRUNCATE inbox, effects")
    rate = await drain(stand, Backlog(count), count, handler)
    written = await stand.run("SELECT count(*) FROM effects")
    assert written == (0 if handler is do_nothing else count)  # noqa: S101  # or it would measure something else
    return rate


async def drain(stand: Stand, backlog: Backlog, count: int, handler: Callable[[OrderPlaced], Awaitable[None]]) -> float:
    """The same, of what is in ``backlog``."""
    worker = cqrs.Consumer(
        backlog,
        bootstrap.bootstrap(events_mapper=lambda m: m.bind(OrderPlaced, handler)),
        name="bench",
        inbox=cqrs.SqlAlchemyInboxRepository(stand.sessions),
        unit_of_work=lambda: cqrs.SqlAlchemyUnitOfWork(stand.sessions),
        registry=stand.registry,
        policy=cqrs.ConsumerPolicy(batch_size=_BATCH),
    )
    begin = time.perf_counter()
    async with worker:
        while backlog.done < count:  # noqa: ASYNC110  # it counts, and tells nobody
            await asyncio.sleep(0.002)
        return count / (time.perf_counter() - begin)
