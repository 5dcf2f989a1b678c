"""What workers say when they begin, and what they do if something cannot be reached then."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest

from cqrs.assembly.memory_database import MemoryDatabase
from cqrs.errors import BrokerUnavailable, WorkerCannotStart
from cqrs.leases import MemoryLeaseStore
from cqrs.message_brokers.memory.broker import MemoryMessageBroker
from cqrs.testing.conformance.relay import QUICK, InOrderBroker
from cqrs.workers.consumer.consumer import Consumer, ConsumerPolicy
from cqrs.workers.relay.outbox_relay import OutboxRelay
from cqrs.workers.relay.policy import RelayPolicy
from tests.helpers.waiting import until
from tests.unit.workers.test_outbox_relay import Outbox
from tests.unit.workers.test_service import Broken

if TYPE_CHECKING:
    from cqrs.message_brokers.source import MessageSource

REFUSED = BrokerUnavailable("<Broker broker.example:1234>", "connection refused")


class Refusing(InOrderBroker):
    """Cannot be reached ``times`` times."""

    def __init__(self, times: int = 1) -> None:
        super().__init__({})
        self.times = times

    def __repr__(self) -> str:
        return "<Broker broker.example:1234>"

    async def start(self) -> None:
        if self.times:
            self.times -= 1
            raise REFUSED


class Nobody:
    def handles(self, event_type: type) -> bool:
        return False

    async def send(self, event: Any) -> None:
        raise NotImplementedError


def consumer(source: MessageSource, **policy: Any) -> Consumer:
    given: Any = Nobody()
    return Consumer(source, given, name="billing", database=MemoryDatabase(), policy=ConsumerPolicy(**policy))


async def test_a_relay_that_cannot_reach_its_broker_when_it_begins_ends_with_an_error_that_names_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    relay = OutboxRelay(Outbox(), Refusing(), QUICK, name="shop")
    with pytest.raises(
        WorkerCannotStart, match=r"^relay shop:.* broker\.example:1234.*connection refused.*wait_at_start"
    ):
        await relay.run()
    assert [one.getMessage()[:11] for one in caplog.records] == ["relay shop:"]


async def test_a_relay_that_cannot_reach_its_leases_when_it_begins_ends_with_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def away(*_: Any, **__: Any) -> Any:
        raise ConnectionError("password authentication failed")

    monkeypatch.setattr(MemoryLeaseStore, "keep", away)
    with pytest.raises(WorkerCannotStart, match="password authentication failed"):
        await OutboxRelay(Outbox(), InOrderBroker({}), QUICK).run()


async def test_a_worker_configured_to_wait_outlives_an_outage_at_its_start() -> None:
    relay = OutboxRelay(Outbox(), Refusing(), RelayPolicy(wait_at_start=True))
    running = asyncio.create_task(relay.run())
    await until(lambda: relay.is_running)
    await relay.started()
    running.cancel()
    await asyncio.wait([running])
    assert running.cancelled()


async def test_a_relay_that_is_started_in_the_background_waits_for_its_broker() -> None:
    outbox = Outbox()
    await outbox.fill(1)
    async with OutboxRelay(outbox, Refusing(), QUICK) as relay:
        await until(lambda: relay.sent == 1)


async def test_a_consumer_that_cannot_reach_its_source_when_it_begins_ends_with_an_error() -> None:
    source = MemoryMessageBroker().source("orders", group="billing")

    async def away() -> None:
        raise REFUSED

    source.start = away  # type: ignore[method-assign]
    with pytest.raises(WorkerCannotStart, match=r"^consumer billing cannot start: .*connection refused"):
        await consumer(source).run()


async def test_a_consumer_that_cannot_reach_its_database_when_it_begins_ends_with_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = consumer(MemoryMessageBroker().source("orders", group="billing"))

    async def away(*_: Any) -> Any:
        raise ConnectionError("password authentication failed")

    monkeypatch.setattr(one._steps._inbox, "take", away)
    with pytest.raises(WorkerCannotStart, match="password authentication failed"):
        await one.run()


async def test_each_worker_logs_its_sources_when_it_starts(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "cqrs"):
        async with OutboxRelay(Outbox(), Refusing(), RelayPolicy(batch_size=7), name="shop") as relay:
            await relay.started()
        async with consumer(MemoryMessageBroker().source("orders", group="billing"), batch_size=9) as worker:
            await worker.started()
    of_relay, of_consumer = [one.getMessage() for one in caplog.records if " starts to " in one.getMessage()]
    assert of_relay.startswith("relay shop:")
    for part in ("outbox", "a database in memory", "<Broker broker.example:1234>", "RelayPolicy(batch_size=7)"):
        assert part in of_relay
    for part in ("consumer billing", "orders", "ConsumerPolicy(batch_size=9)"):
        assert part in of_consumer


async def test_an_error_that_ends_a_worker_is_logged_at_once_however_it_was_started(
    caplog: pytest.LogCaptureFixture,
) -> None:
    service = Broken()
    await service.start()
    await until(lambda: not service.is_running)
    await asyncio.sleep(0)
    (record,) = caplog.records
    assert record.getMessage() == "Broken has ended: LookupError('nothing there')"
    assert record.exc_info is not None
    with pytest.raises(LookupError):
        await service.stop()
