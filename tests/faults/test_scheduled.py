"""Many messages that become due at once, relays with wrong clocks, and other processes that cancel; scenario O12."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from tests.faults.conftest import POSTGRESQL

if TYPE_CHECKING:
    import datetime as dt
    from uuid import UUID

    from tests.faults.stand import RelayProcesses

COUNT = int(os.environ.get("CQRS_TEST_SCHEDULED", "20000"))
IN = 3.0 + COUNT / 50_000
"""Seconds until they are due: enough to write them down before."""

SCHEDULE = """
INSERT INTO outbox (message_id, event_name, topic, message_key, partition_no, content_type, headers, body, due_at)
SELECT gen_random_uuid(), 'numbered', 'numbers', 'key-' || i % 1000, i % 1000 % 64, 'application/json', '{}',
       convert_to('{"payload": ' || i || '}', 'UTF8'), CAST(:due AS timestamptz) + i % 1000 * interval '1 ms'
  FROM generate_series(0, :count - 1) AS i
"""


async def schedule(stand: RelayProcesses, count: int) -> tuple[dt.datetime, list[UUID]]:
    """When they begin to be due, and some of those that are due in the middle."""
    async with stand.engine.begin() as connection:
        later = await connection.execute(text("SELECT clock_timestamp() + make_interval(secs => :s)"), {"s": IN})
        due: dt.datetime = later.scalar_one()
        await connection.execute(text(SCHEDULE), {"due": due, "count": count})
        middle = "SELECT message_id FROM outbox WHERE id % 1000 BETWEEN 300 AND 700 ORDER BY random() LIMIT 800"
        return due, list((await connection.execute(text(middle))).scalars())


async def cancelled(stand: RelayProcesses, ids: list[UUID], due: dt.datetime) -> set[str]:
    """Those of `ids` that could still be cancelled; tried one by one, from a little before they are due."""
    done: set[str] = set()
    async with stand.engine.connect() as connection:
        left = await connection.execute(text("SELECT :due - clock_timestamp()"), {"due": due})
        await asyncio.sleep(max(0.0, left.scalar_one().total_seconds()))
    for number, message_id in enumerate(ids):
        async with stand.outbox as session:
            won = await stand.outbox.cancel(session, message_id)
            await asyncio.sleep(0.005 * (number % 4))  # its time may come before the commit does
            await stand.outbox.commit(session)
        if won:
            done.add(str(message_id))
    return done


@pytest.mark.parametrize("database", [POSTGRESQL], indirect=True)
async def test_of_many_that_are_due_in_one_second_none_is_early_and_each_is_sent_or_cancelled(
    stand: RelayProcesses,
) -> None:
    due, some = await schedule(stand, COUNT)
    for skew in (-600, 600, 0):
        await stand.relay("batch=1000", f"skew={skew}")
    cancelling = [asyncio.create_task(cancelled(stand, some[part::8], due)) for part in range(8)]
    async with stand.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        while True:
            size = stand.file.stat().st_size
            now: dt.datetime = (await connection.execute(text("SELECT clock_timestamp()"))).scalar_one()
            if now >= due:
                break
            assert size == 0
            await asyncio.sleep(0.02)
    gone = set[str]().union(*await asyncio.gather(*cancelling))
    await stand.until_empty()
    sent = [id_ for id_, _, _ in stand.arrived()]
    assert len(sent) == len(set(sent))
    assert not gone & set(sent)
    assert len(gone) + len(sent) == COUNT
    assert 0 < len(gone) < len(some)  # it was a race
