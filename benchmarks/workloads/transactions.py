"""Turns with a database that they do not use."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import create_async_engine

import cqrs
from benchmarks.counting import Told
from benchmarks.shop import ANSWER, COMMAND, Answer, Command, Handler, Import
from benchmarks.workload import Most, Target, Work, Workload
from benchmarks.workloads.send import direct, sending
from cqrs.requests import bootstrap

if TYPE_CHECKING:
    from benchmarks.timing import Run

_NOTHING = (Most("statements", 0), Most("connections", 0))

TOLD = Told()
_engine = create_async_engine(f"sqlite+aiosqlite:///{tempfile.mkdtemp()}/shop.db")
DATABASE = cqrs.Database(_engine)


@event.listens_for(_engine.sync_engine, "before_cursor_execute")
def _note_statement(*_: object) -> None:
    TOLD.statements += 1


@event.listens_for(_engine.sync_engine, "checkout")
def _note_connection(*_: object) -> None:
    TOLD.connections += 1


def nesting(**options: Any) -> Run:
    """Sends from within a handler; ``options`` are those of the bootstrap."""

    async def send_many(request: Import) -> Answer:
        for _ in range(request.rows):
            await mediator.send(COMMAND)
        return ANSWER

    def bind(requests: cqrs.RequestMap) -> None:
        requests.bind(Command, Handler)
        requests.bind(Import, send_many)

    mediator = bootstrap.bootstrap(commands_mapper=bind, **options)

    async def run(times: int) -> None:
        await mediator.send(Import(rows=times))

    return run


WORKLOADS = (
    Workload(
        "database",
        "what `database=` adds to a request that does not touch it; limit: the handler called by hand once more",
        ours=Work(sending(database=DATABASE), less=sending()),
        limit=Work(direct),
        targets=(Target("limit", 10), *_NOTHING),
        database=TOLD,
    ),
    Workload(
        "database-nested",
        "what it adds to a request that a handler sends, which does not touch it either; limit: as above",
        ours=Work(nesting(database=DATABASE), less=nesting()),
        limit=Work(direct),
        targets=_NOTHING,
        database=TOLD,
    ),
)
