"""Makes the table of the log over a connection for replication, by the migration that all other ways run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqrs.migrations.book import BOOK, MAKE_BOOK, READ_BOOK, begin_on_postgresql
from cqrs.migrations.naming import tables_of
from cqrs.migrations.plan import upward
from cqrs.migrations.steps import steps_of

if TYPE_CHECKING:
    from cqrs._replication.stream import LogStream
    from cqrs.migrations.plan import Work

_BOOK_EXISTS = f"SELECT to_regclass('{BOOK}') IS NOT NULL"


async def migrate(stream: LogStream) -> None:
    """Run the steps of the log that were not run yet, in one transaction, while no other process migrates.

    If there is nothing to do, it only reads: no right to make tables is needed. After an error the stream cannot be
    used any more.
    """
    ((exists,),) = await stream.execute(_BOOK_EXISTS)
    if exists and not await _plan(stream):
        return
    for statement in (*begin_on_postgresql(), MAKE_BOOK):
        await stream.execute(statement)
    for _, statements in await _plan(stream):
        for statement in statements:
            await stream.execute(statement)
    await stream.execute("COMMIT")


async def _plan(stream: LogStream) -> list[Work]:
    book = {(subject, table, version) for subject, table, version in await stream.execute(READ_BOOK)}
    return upward(steps_of("postgresql", tables_of(["log"])), book)
