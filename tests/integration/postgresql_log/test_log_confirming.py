"""The position up to which the log is confirmed. The driver would confirm more than it was asked to, if one let it."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from cqrs._replication import stream
from cqrs.outbox.log.content import PREFIX
from tests.helpers.waiting import LATE, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cqrs.outbox.log.protocol import OutboxLog
    from tests.integration.postgresql_log.stand import LogOutbox

pytestmark = pytest.mark.server

EMIT = f"select pg_logical_emit_message(true, '{PREFIX}', '%s')"
BULK = text("select pg_logical_emit_message(true, 'others', repeat('x', 100000)) from generate_series(1, 300)")
REPLIED = "select reply_time from pg_stat_replication where pid = (select active_pid {})"
WAITS = "select wait_event from pg_stat_activity where pid = (select active_pid {})"


@pytest.fixture
def log(stand: LogOutbox) -> Iterator[OutboxLog]:
    with closing(stand.log()) as log:
        yield log


async def contents(log: OutboxLog) -> tuple[list[bytes], int]:
    """What is read up to the next end behind a message, and that end."""
    found: list[bytes] = []
    end = None
    async with asyncio.timeout(LATE):
        while not found or end is None:
            batch = await log.read(1_000, 1.0)
            found += [message.content for message in batch.messages]
            end = batch.end
    return found, end


async def until_it_says(stand: LogOutbox, question: str, answer: Any) -> None:
    async def answered() -> bool:
        return bool(answer(await stand.database.run(question.format(stand.from_slot))))

    await until(answered)


async def test_read_but_unsettled_messages_are_not_confirmed_in_the_middle_of_a_large_transaction(
    stand: LogOutbox, log: OutboxLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stand.database.engine.connect() as large:
        await large.execute(BULK)
        await stand.database.run(EMIT % 1)
        await log.open()
        found, end = await contents(log)
        assert found == [b"1"]
        log.confirm(end)
        await stand.database.run(EMIT % 2)
        await large.commit()
    await until_it_says(stand, WAITS, lambda rows: rows == [("WalSenderWriteData",)])
    # The server answers this with how far it is: before the end of the large transaction, and behind message 2.
    before = await stand.database.run(REPLIED.format(stand.from_slot))
    log._stream._cursor.send_feedback(reply=True, force=True)  # type: ignore[attr-defined]
    await until_it_says(stand, REPLIED, lambda rows: rows > before)
    monkeypatch.setattr(stream, "_KEEP_ALIVE_EVERY", 0.01)
    assert (await contents(log))[0] == [b"2"]
    log._stream._send_keep_alive()  # type: ignore[attr-defined]
    now = await stand.database.run(REPLIED.format(stand.from_slot))
    await until_it_says(stand, REPLIED, lambda rows: rows > now)
    log.close()
    await until_it_says(stand, WAITS, lambda rows: rows == [])
    await stand.database.run(EMIT % 3)
    await log.open()
    assert (await contents(log))[0][0] == b"2"
