"""The table of the log, made over a connection for replication, by the same migration as all others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqrs.migrations.steps import BOOK, MAKE_BOOK, PATIENCE, POSTGRESQL_ALONE, steps_of
from cqrs.outbox.log.protocol import LOG_TABLE

if TYPE_CHECKING:
    from cqrs._replication.stream import LogStream
    from cqrs.migrations.steps import Step

_BOOK_THERE = f"SELECT to_regclass('{BOOK}') IS NOT NULL"
_KNOWN = f"SELECT version FROM {BOOK} WHERE subject = 'log' AND table_name = '{LOG_TABLE}'"  # noqa: S608  # names of ours


async def migrate(stream: LogStream) -> None:
    """Run what was not run yet, in one transaction, while nobody else migrates.

    If there is nothing to do, it only reads: no right to make tables is needed. After an error the stream is of no more
    use.
    """
    if await _there(stream) and not await _missing(stream):
        return
    for statement in ("BEGIN", f"SET LOCAL lock_timeout = '{PATIENCE}s'", POSTGRESQL_ALONE, MAKE_BOOK):
        await stream.execute(statement)
    for step in await _missing(stream):
        for statement in (*step.up, step.note):
            await stream.execute(statement)
    await stream.execute("COMMIT")


async def _there(stream: LogStream) -> bool:
    ((there,),) = await stream.execute(_BOOK_THERE)
    return bool(there)


async def _missing(stream: LogStream) -> list[Step]:
    known = {version for (version,) in await stream.execute(_KNOWN)}
    return [step for step in steps_of("postgresql", {"log": LOG_TABLE}) if step.version not in known]
