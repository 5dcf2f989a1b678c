"""What many rows, long outages and old backups do to a relay on PostgreSQL; scenarios O4, O7 and O15."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from cqrs.errors import BrokerUnavailable
from cqrs.message_brokers.memory.broker import MemoryMessageBroker
from cqrs.outbox.rows import PARTITIONS
from cqrs.workers import Backoff, OutboxRelay, RelayPolicy
from tests.faults.conftest import POSTGRESQL
from tests.helpers.waiting import until

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from cqrs.envelope import Envelope
    from tests.faults.stand import RelayProcesses

pytestmark = pytest.mark.parametrize("database", [POSTGRESQL], indirect=True)

FILL = """
INSERT INTO outbox (message_id, event_name, topic, message_key, partition_no, content_type, headers, body, pending,
                    status, settled_at, lease_until, parked_at)
SELECT gen_random_uuid(), 'numbered', 'numbers', 'key-' || i % :keys, i % :keys % 64, 'application/json', '{}',
       convert_to('{"payload": ' || i || '}', 'UTF8'),
       CASE :kind WHEN 'sent' THEN NULL WHEN 'parked' THEN 0 ELSE 1 END,
       CASE :kind WHEN 'sent' THEN 'produced' WHEN 'parked' THEN 'parked' ELSE 'new' END,
       CASE :kind WHEN 'sent' THEN now() END,
       CASE :kind WHEN 'parked' THEN timestamptz '9999-12-31 00:00+00' END,
       CASE WHEN :kind = 'parked' AND i = 1 THEN now() END
  FROM generate_series(CAST(:first AS int), :first + :count - 1) AS i
"""


class AwayBroker(MemoryMessageBroker):
    """Not there, until `there` is set."""

    there = False

    def __init__(self) -> None:
        super().__init__()
        self.tries: list[int] = []
        self.count = 0

    async def send(self, envelopes: Sequence[Envelope]) -> list[Exception | None]:
        self.tries.append(len(envelopes))
        await asyncio.sleep(0)
        if not self.there:
            return [BrokerUnavailable("broker", "away")] * len(envelopes)
        self.count += len(envelopes)
        return [None] * len(envelopes)


async def fill(stand: RelayProcesses, count: int, kind: str = "new", keys: int = 1_000, first: int = 1) -> None:
    async with stand.engine.begin() as connection:
        await connection.execute(text(FILL), {"count": count, "kind": kind, "keys": keys, "first": first})
    async with stand.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("ANALYZE outbox"))


async def test_an_outage_while_100_000_messages_arrive_costs_none_of_them_an_attempt(stand: RelayProcesses) -> None:
    broker = AwayBroker()
    policy = RelayPolicy(outage_backoff=Backoff(first=0.01, longest=0.1))
    async with OutboxRelay(stand.outbox, broker, policy, wake_up="poll") as relay:
        for _ in range(5):
            await fill(stand, 20_000)
        probes = len(broker.tries)

        async def more_probes() -> bool:
            return len(broker.tries) > probes + 5

        await until(more_probes, within=100, every=0.05)
        assert max(broker.tries[1:]) <= 10  # after the first batch it only looks whether the broker is back
        async with stand.engine.connect() as connection:
            touched = await connection.execute(text("SELECT count(*) FROM outbox WHERE attempts > 0 OR pending = 0"))
            assert touched.scalar_one() == 0
        broker.there = True
        await stand.until_empty()
        assert relay.sent == broker.count == 100_000


@pytest.mark.parametrize(("kind", "keys"), [("sent", 1_000), ("parked", 1), ("new", 1_000)])
async def test_taking_walks_through_an_index_whatever_else_lies_in_the_table(
    stand: RelayProcesses, kind: str, keys: int
) -> None:
    await fill(stand, 60_000, kind, keys)
    queue = stand.outbox.queue()
    async with stand.engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None
        lines = await driver.fetch("EXPLAIN " + queue._take_sql, list(range(PARTITIONS)), 1_000, 500)  # type: ignore[attr-defined]
    plan = "\n".join(line[0] for line in lines)
    assert "Seq Scan on outbox" not in plan
    assert "ix_outbox_partition" in plan
    assert "pending = 1" in plan.partition("Index Cond")[2]


class ListingBroker(AwayBroker):
    """There from the beginning; knows the id, the key and the number of what it got, in order."""

    there = True

    def __init__(self) -> None:
        super().__init__()
        self.arrived: list[tuple[UUID, str | None, int]] = []

    async def send(self, envelopes: Sequence[Envelope]) -> list[Exception | None]:
        self.arrived += [(envelope.message_id, envelope.key, envelope.json()["payload"]) for envelope in envelopes]
        return await super().send(envelopes)


def first_in_order(arrived: list[tuple[UUID, str | None, int]]) -> list[tuple[UUID, str | None, int]]:
    """What arrived, each message once; within its key, each must be later than those before."""
    firsts = list(dict.fromkeys(arrived))
    for key in {key for _, key, _ in firsts}:
        of_key = [number for _, its_key, number in firsts if its_key == key]
        assert of_key == sorted(of_key)
    return sorted(firsts, key=lambda message: message[2])


async def test_a_restored_backup_is_sent_again_and_stops_no_relay(stand: RelayProcesses) -> None:
    await stand.add(100, keys=5)
    # The leases in it are those of a relay that lived at the time.
    await stand.outbox.queue().leases.keep("outbox:outbox", "of the past", count=PARTITIONS, ttl=0.5)
    tables = ("outbox", "cqrs_leases", "cqrs_lease_members")
    async with stand.engine.begin() as connection:
        for table in tables:
            await connection.execute(text(f"CREATE TABLE backup_{table} AS TABLE {table}"))
    broker = ListingBroker()
    async with OutboxRelay(stand.outbox, broker, RelayPolicy(lease=2.0), wake_up="poll") as relay:
        await stand.add(20, keys=5, first=100)
        await stand.until_empty()
        before = first_in_order(broker.arrived)
        assert [number for _, _, number in before] == list(range(120))
        async with stand.engine.begin() as connection:
            await connection.execute(text("LOCK TABLE outbox, cqrs_leases, cqrs_lease_members"))
            broker.arrived.clear()
            for table in tables:
                await connection.execute(text(f"TRUNCATE {table} RESTART IDENTITY"))
                await connection.execute(text(f"INSERT INTO {table} SELECT * FROM backup_{table}"))  # noqa: S608  # see above
            # What comes next has ids that the relay has already seen the end of.
            await connection.execute(text("SELECT setval(pg_get_serial_sequence('outbox', 'id'), max(id)) FROM outbox"))
        await stand.add(20, keys=5, first=200)
        await stand.until_empty()
        again = first_in_order(broker.arrived)
        assert again[:100] == before[:100]  # under the same ids and keys
        assert [number for _, _, number in again[100:]] == list(range(200, 220))
        assert await stand.outbox.parked.list() == []
        assert relay.is_running
