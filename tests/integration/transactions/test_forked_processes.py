"""A database from a URL in several processes: each has an engine of its own."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.integration.transactions.stand import Service

PROGRAM = """
import asyncio, os, sys
import cqrs
from tests.integration.transactions.stand import REGISTRY, Base, Run, note, bind
from cqrs.requests.bootstrap import bootstrap

db = cqrs.Database(sys.argv[1], metadata=Base.metadata, registry=REGISTRY)
mediator = bootstrap(database=db, commands_mapper=bind)

async def turn(what):
    async def work():
        await note(db.session, what)
    await mediator.send(Run(work))

async def in_child():
    async with db:
        await turn("child")

async def main():
    await turn("before")
    child = os.fork()
    if child == 0:
        asyncio.run(in_child())
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status == 0, status
    async with db:
        await turn("after")

asyncio.run(main())
"""


async def test_parent_and_child_use_a_database_from_one_url(address: str, stand: Service) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, address, stderr=asyncio.subprocess.PIPE
    )
    _, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    assert await stand.notes() == ["before", "child", "after"]
