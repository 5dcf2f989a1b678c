"""Statements through the session of the open transaction."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import cqrs
from benchmarks import notes
from benchmarks.shop import ANSWER, COMMAND, Answer, Command
from benchmarks.workload import Target, Work, Workload
from cqrs.requests import bootstrap

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

_MOST = Target("limit", 1.12)
_IN_ONE = 100  # statements: the transaction around them must not count


@cache
def _database() -> cqrs.Database[AsyncSession]:
    return cqrs.Database(notes.new_engine())


@cache
def _mediator() -> cqrs.RequestMediator:
    session = _database().session

    async def read(_: Command) -> Answer:
        await session.execute(notes.SELECT)
        return ANSWER

    return bootstrap.bootstrap(commands_mapper=lambda m: m.bind(Command, read), database=_database())


async def _statements(times: int) -> None:
    session = _database().session
    async with _database().transaction():
        for _ in range(times):
            await session.execute(notes.SELECT)


async def _turns(times: int) -> None:
    mediator = _mediator()
    for _ in range(times):
        await mediator.send(COMMAND)


WORKLOADS = (
    Workload(
        "statement",
        "one SELECT by `db.session` in an open transaction, SQLite file; limit: by a session of SQLAlchemy's own",
        ours=Work(_statements, least=_IN_ONE),
        limit=Work(notes.statements, least=_IN_ONE),
        targets=(_MOST,),
    ),
    Workload(
        "statement-alone",
        "the same; limit: in a process that has not imported `cqrs`",
        ours=Work(_statements, least=_IN_ONE),
        limit="statement",
        targets=(_MOST,),
    ),
    Workload(
        "statement-turn",
        "a request whose handler does one SELECT; limit: a session and its transaction by hand, without `cqrs`",
        ours=Work(_turns),
        limit="transaction",
    ),
)
