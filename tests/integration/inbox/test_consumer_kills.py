"""O10: messages come to two processes, and again after each crash: their effects and follow-ups are there once."""

from __future__ import annotations

import asyncio
import importlib
import signal
import uuid
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from cqrs.testing.faults import Failpoint, crash_matrix, read_trace
from tests.faults.crashes.matrix import sampled
from tests.helpers.waiting import until
from tests.integration.inbox.processes import killed, process, stopped
from tests.integration.inbox.service import Shipping, ordered

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.integration.inbox.backends import Database
    from tests.integration.inbox.wires.wire import BrokerWire

IN_A_TRANSACTION = ["inbox.inserted", "inbox.handled"]
POINTS = [*IN_A_TRANSACTION, "inbox.committed", "inbox.acknowledged"]
ADDRESSES = {"kafka": "kafka_bootstrap", "nats": "nats_url", "rabbitmq": "rabbitmq_url", "redis": "redis_url"}
# Each broker with the strictest of the databases, and each database with the quickest of the brokers.
PLACES = [
    *((broker, "postgres") for broker in ADDRESSES),
    *(("redis", database) for database in ("sqlite", "strict_postgres", "mariadb")),
]


# Of the points, each place is tried with another one each day; with `ALL=1` with all.
KILLS = [
    pytest.param(place, failpoint, marks=pytest.mark.server, id=f"{'-'.join(place)}-{failpoint.point}")
    for place in PLACES
    for failpoint in sampled([Failpoint(point, 1, "kill") for point in POINTS], 1, "-".join(place))
]


@pytest.fixture(params=[pytest.param(place, marks=pytest.mark.server, id="-".join(place)) for place in PLACES])
def place(request: pytest.FixtureRequest) -> tuple[str, str]:
    found: tuple[str, str] = request.param
    return found


@pytest.fixture
def database(request: pytest.FixtureRequest, place: tuple[str, str]) -> Database:
    found: Database = request.getfixturevalue(f"{place[1]}_database")
    return found


@pytest.fixture
async def wire(request: pytest.FixtureRequest, place: tuple[str, str]) -> AsyncIterator[BrokerWire]:
    address = request.getfixturevalue(ADDRESSES[place[0]])
    module = importlib.import_module(f"tests.integration.inbox.wires.{place[0]}")
    async with module.Wire(address, f"orders-{uuid.uuid4().hex}") as wire:
        yield wire


async def send(wire: BrokerWire, *numbers: int) -> None:
    await wire.send([ordered(n, key=str(n % 2), topic=wire.topic).to_envelope() for n in numbers])


async def passed(database: Database, wire: BrokerWire, file: Path) -> list[Failpoint]:
    """A sample of the failpoints that kill a consumer where one has passed that brings in the numbers from 0 to 4."""
    await send(wire, *range(5))
    async with process(database, wire, "g", "one", trace=str(file)):
        await Shipping(database).until(5)
        await until(lambda: "inbox.acknowledged" in file.read_text(encoding="utf-8"), every=0.02)
    return sampled(crash_matrix(read_trace(file)), 3, f"{type(wire).__module__} {database.engine.name}")


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_a_kill_loses_nothing_and_repeats_nothing(database: Database, wire: BrokerWire, tmp_path: Path) -> None:
    """It is killed at each of some points that it passes, one after the other."""
    shipping = Shipping(database)
    failpoints = await passed(database, wire, tmp_path / "trace")
    sent = 5
    for failpoint in failpoints:
        async with process(database, wire, "g", "one", failpoint=str(failpoint)) as doomed:
            while doomed.returncode is None:  # until it has had so many batches
                await send(wire, sent)
                sent += 1
                await asyncio.sleep(0.05)
            await killed(doomed)
    async with process(database, wire, "g", "one") as worker:
        await shipping.until(sent)
        await send(wire, sent)
        found = await shipping.until(sent + 1)
        await wire.nothing_left("g", worker)
    for key in (0, 1):
        mine = [int(one) for one in found if int(one) % 2 == key]
        assert mine == list(range(key, sent + 1, 2))
    assert sorted(await shipping.shipped()) == list(range(sent + 1))


@pytest.mark.parametrize(("place", "failpoint"), KILLS, indirect=["place"])
async def test_the_same_messages_in_two_processes_at_once_one_of_which_is_killed(
    database: Database, wire: BrokerWire, failpoint: Failpoint
) -> None:
    """They are in two groups of the broker, so each gets everything; they are one consumer, so it counts once."""
    shipping = Shipping(database)
    await send(wire, *range(100))
    async with (
        process(database, wire, "a", failpoint=str(failpoint)) as doomed,
        process(database, wire, "b") as other,
    ):
        await killed(doomed)
        await shipping.until(100)
        async with process(database, wire, "a") as worker:
            await send(wire, *range(100, 200))
            await shipping.until(200)
            other.kill()
            await other.wait()
            await send(wire, 200)
            await shipping.until(201)
            await wire.nothing_left("a", worker)
    assert sorted(map(int, await database.effects())) == list(range(201))
    assert sorted(await shipping.shipped()) == list(range(201))


@pytest.mark.parametrize(
    "place", [pytest.param(PLACES[3], marks=pytest.mark.server)], indirect=True, ids=["-".join(PLACES[3])]
)
@pytest.mark.parametrize("point", IN_A_TRANSACTION)
async def test_a_process_frozen_in_a_transaction_loses_it_and_has_no_effect_when_it_resumes(
    database: Database, wire: BrokerWire, point: str
) -> None:
    """The server ends the transaction of the frozen process, or the other process would wait for it."""
    name = database.engine.url.database
    async with database.engine.begin() as connection:
        await connection.execute(text(f'ALTER DATABASE "{name}" SET idle_in_transaction_session_timeout = 500'))
    shipping = Shipping(database)
    await send(wire, *range(20))
    async with process(database, wire, "a", failpoint=f"{point}:1:stop") as frozen:
        await stopped(frozen)
        async with process(database, wire, "b") as other:
            await shipping.until(20)
            other.kill()
            await other.wait()
        frozen.send_signal(signal.SIGCONT)
        await send(wire, 20)
        await shipping.until(21)
        await wire.nothing_left("a", frozen)
    assert sorted(map(int, await database.effects())) == list(range(21))
    assert sorted(await shipping.shipped()) == list(range(21))
    assert await shipping.inbox.parked.list("shipping") == []
