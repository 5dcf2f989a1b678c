"""Relays that are killed or stopped while they work; scenarios O1, O2, O3, O5 and O12."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cqrs.testing.conformance.outbox import numbered
from tests.faults.conftest import MARIADB, POSTGRESQL
from tests.faults.stand import assert_first_deliveries_in_order, assert_nothing_lost, duplicates
from tests.helpers.waiting import until

if TYPE_CHECKING:
    from tests.faults.stand import RelayProcesses

KILLS = int(os.environ.get("CQRS_TEST_KILLS", "12"))
"""How often a relay is killed in one test; more of them take longer and find no more, so far."""

BATCH = 50
LEASE = "lease=0.4"
"""A short one: the lease of a relay that was killed has to run out, and a test would be mostly waiting for that."""


@pytest.mark.slow
@pytest.mark.timeout(60 + 10 * KILLS)
async def test_a_relay_killed_again_and_again_loses_nothing_and_repeats_its_window_at_most(
    stand: RelayProcesses,
) -> None:
    before, count = BATCH * 3, BATCH * (3 + KILLS * 2)
    await stand.add(before, keys=40)
    failpoints = [one for one in await stand.failpoints(f"batch={BATCH}", LEASE) if one.count <= 3]
    await stand.add(count - before, keys=40, first=before)
    for _ in range(KILLS):
        failpoint = random.choice(failpoints)  # noqa: S311  # any of them will do
        relay = await stand.relay(f"batch={BATCH}", LEASE, failpoint=str(failpoint))
        ended = asyncio.create_task(relay.wait())
        drained = asyncio.create_task(stand.until_empty())
        await asyncio.wait([ended, drained], return_when=asyncio.FIRST_COMPLETED)
        drained.cancel()
        if ended.done():
            assert ended.result() == -signal.SIGKILL
        await asyncio.gather(drained, return_exceptions=True)
    await stand.relay(f"batch={BATCH}", LEASE)
    await stand.until_empty()
    assert_nothing_lost(stand, count)
    assert_first_deliveries_in_order(stand)
    assert duplicates(stand) <= BATCH * KILLS


@pytest.mark.parametrize("database", [POSTGRESQL, MARIADB], indirect=True)
async def test_many_relays_that_come_and_go_keep_the_order_of_each_key(stand: RelayProcesses) -> None:
    count, parts = 12_000, 6
    options = ("batch=100", "lease=1", "reject=0.05", "ack=0.002")
    relays = [await stand.relay(*options) for _ in range(8)]
    for part in range(parts):
        await stand.add(count // parts, keys=1_000, first=part * count // parts)
        relays.pop(0).send_signal(signal.SIGKILL)
        relays.append(await stand.relay(*options))
    await stand.until_empty()
    assert_nothing_lost(stand, count)
    assert_first_deliveries_in_order(stand)


# Not on SQLite: a process stopped while it writes to the file keeps all others out.
@pytest.mark.parametrize("database", [POSTGRESQL, MARIADB], indirect=True)
@pytest.mark.parametrize("point", ["outbox.claimed", "outbox.published"])
async def test_a_zombie_repeats_at_most_what_was_sent_and_settles_nothing(stand: RelayProcesses, point: str) -> None:
    await stand.add(200, keys=3)
    zombie = await stand.relay("batch=100", "lease=0.5", failpoint=f"{point}:1:stop")

    async def stopped() -> bool:
        return Path(f"/proc/{zombie.pid}/stat").read_text(encoding="ascii").split()[2] == "T"  # noqa: ASYNC240

    await until(stopped, within=100, every=0.05)
    other = await stand.relay("batch=100", "lease=0.5")
    await stand.until_empty()
    other.send_signal(signal.SIGSTOP)
    await stand.add(200, keys=3, first=200)
    zombie.send_signal(signal.SIGCONT)
    await stand.until_empty()  # the zombie is a relay like any other again, once the leases of the stopped one are over
    other.send_signal(signal.SIGCONT)
    assert_nothing_lost(stand, 400)
    assert_first_deliveries_in_order(stand)
    assert duplicates(stand) <= 200


async def test_a_poison_message_and_what_is_behind_it_survive_restarts_and_replay_in_order(
    stand: RelayProcesses,
) -> None:
    await stand.add(60, keys=3)
    first = await stand.relay("poison=12")

    async def others_have_left() -> bool:
        parked = await stand.outbox.parked.list()
        return len(parked) == 1 and parked[0].behind == 15 and await stand.waiting() == 16

    await until(others_have_left, within=100, every=0.05)
    first.send_signal(signal.SIGKILL)
    await stand.relay("poison=12")
    await stand.add(30, keys=3, first=60)

    async def new_ones_have_left() -> bool:
        return (await stand.outbox.parked.list())[0].behind == 25 and await stand.waiting() == 26

    await until(new_ones_have_left, within=100, every=0.05)
    assert {number for _, key, number in stand.arrived() if key == "key-0"} == {0, 3, 6, 9}
    stand.file.with_suffix(".fixed").touch()
    assert await stand.outbox.parked.replay() == 1
    await stand.until_empty()
    assert_nothing_lost(stand, 90)
    assert_first_deliveries_in_order(stand)


@pytest.mark.parametrize("skew", [-600, 600])
async def test_a_wrong_clock_of_a_relay_changes_nothing(stand: RelayProcesses, skew: int) -> None:
    await stand.add(20, keys=3)
    async with stand.outbox as session:
        stand.outbox.add(session, numbered(20), key="later", delay=3_600)
        stand.outbox.add(session, numbered(21), key="soon", delay=0.5)
        await stand.outbox.commit(session)
    await stand.relay(f"skew={skew}")

    async def done() -> bool:
        return await stand.waiting() == 1

    await until(done, within=100, every=0.05)
    assert sorted(number for _, _, number in stand.arrived()) == [*range(20), 21]
