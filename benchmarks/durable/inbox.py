"""From messages that have arrived to their effects, each once."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING

import cqrs
from benchmarks.durable import inbox_by_hand
from benchmarks.durable.arriving import Backlog
from benchmarks.durable.checks import must_be
from benchmarks.durable.effects import Base, add_object, add_values, do_nothing
from benchmarks.durable.server_counts import counting
from benchmarks.durable.shop import DATABASE, OrderPlaced
from benchmarks.durable.table import least, rate, rates
from benchmarks.rounds import take_awaited
from cqrs.events import bootstrap

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from benchmarks.durable.shop import Stand
    from benchmarks.durable.workload import Bench
    from benchmarks.rounds import Side

    Handler = Callable[[OrderPlaced], Awaitable[None]]

_COUNT = 30_000
_BATCH = 500
_HANDLERS = (
    ("an INSERT for a batch", "values", add_values),
    ("an object for the ORM", "object", add_object),
    ("a handler that does nothing", "nothing", do_nothing),
)


async def show(bench: Bench) -> None:
    """Fill in the rows of the inbox. The peer's handlers do the same."""
    table, stand, peer = bench.table, bench.stand, bench.peer
    async with stand.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    for name, what, handler in _HANDLERS:
        sides: dict[str, Side] = {
            "ours": partial(inbox, stand, _COUNT, handler),
            "limit": partial(inbox_by_hand.batches, stand, _COUNT, _BATCH, rows=what != "nothing"),
        }
        if peer is not None:
            sides["peer"] = partial(peer.inbox, what)
        found = await take_awaited(sides)
        notes = [f"batches of {_BATCH}; limit: the marks and rows by the driver, no message read, no handler called"]
        if peer is not None:
            notes.append(f"the peer at its best here: {peer.best(what)}")
        await stand.engine.dispose()
        theirs = None if peer is None else peer.last
        async with counting(stand.address, DATABASE, _COUNT) as counts:
            await drain(stand, Backlog(_COUNT), _COUNT, handler)
            await stand.engine.dispose()
        notes.append(counts.beside(theirs))
        if what == "nothing" and peer is not None:
            storing = await peer.storing()
            times = found["ours"] / storing
            notes.append(f"{times:,.1f}× what the peer only stores, to handle it later: {rate(storing)}")
        table.add(rates(f"inbox, {name}", found, least(found, 20_000, 20), notes))


async def inbox(stand: Stand, count: int, handler: Handler) -> float:
    """Messages per second, until the last one is committed."""
    await stand.run("TRUNCATE inbox, effects")
    found = await drain(stand, Backlog(count), count, handler)
    must_be("marks", await stand.run("SELECT count(*) FROM inbox"), count)
    must_be("effects", await stand.run("SELECT count(*) FROM effects"), 0 if handler is do_nothing else count)
    return found


async def drain(stand: Stand, backlog: Backlog, count: int, handler: Handler) -> float:
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
        while backlog.done < count:  # noqa: ASYNC110  # it counts, and has no event for that
            await asyncio.sleep(0.002)
        return count / (time.perf_counter() - begin)
