"""What the relay of a log does about messages that its broker does not take."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from cqrs.errors import BrokerUnavailable, WorkerCannotStart
from cqrs.message_brokers.protocol import message_of
from cqrs.outbox.log.content import pack
from cqrs.outbox.log.memory import MemoryDiversion, MemoryLog, MemoryLogStore
from cqrs.outbox.memory.store import MemoryOutbox
from cqrs.outbox.rows import NewRow
from cqrs.testing.conformance._relay_faults import ERRORS
from cqrs.testing.conformance.outbox import numbered
from cqrs.testing.conformance.relay import AWAY, QUICK, InOrderBroker
from cqrs.workers.relay.log_relay import LogRelay
from tests.helpers.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqrs.envelope import Envelope
    from cqrs.outbox.queue import QueuedMessage


class Logged:
    """An outbox in the log of a database in memory."""

    def __init__(self) -> None:
        self.store = MemoryLogStore()
        self.table = MemoryOutbox()
        self.log = MemoryLog(self.store)
        self.log.create()

    def diversion(self) -> MemoryDiversion:
        return MemoryDiversion(self.table)

    def envelope(self, message: QueuedMessage) -> Envelope:
        return message.envelope

    def add(self, *numbers: int) -> None:
        envelopes = [message_of(numbered(number)).to_envelope() for number in numbers]
        self.store.commit(*(pack(NewRow(envelope=envelope, compression=None)) for envelope in envelopes))

    def parked(self) -> list[int]:
        return [row.new.envelope.json()["payload"] for row in self.table.rows.values() if row.parked_at is not None]


@pytest.mark.parametrize("unable", ERRORS)
async def test_an_error_that_follows_a_message_parks_it_and_lets_the_others_leave(
    unable: Callable[..., InOrderBroker],
) -> None:
    outbox, broker = Logged(), unable(33)
    outbox.add(*range(60))
    async with LogRelay(outbox, outbox.log, broker, QUICK) as relay:
        await until(lambda: relay.sent >= 59 and outbox.parked() == [33])
    assert sorted(broker.arrived()) == [number for number in range(60) if number != 33]


async def test_an_outage_parks_nothing_and_keeps_the_order(caplog: pytest.LogCaptureFixture) -> None:
    outbox, broker = Logged(), InOrderBroker(dict.fromkeys(range(60), AWAY))
    outbox.add(*range(60))
    async with LogRelay(outbox, outbox.log, broker, QUICK) as relay:
        await until(lambda: len(broker.tried) > 200)
        broker.errors.clear()
        await until(lambda: relay.sent == 60)
    assert broker.arrived() == list(range(60))
    assert outbox.parked() == []
    assert "first in line is numbered" in caplog.text


async def test_a_topic_without_takers_does_not_delay_the_log() -> None:
    outbox = Logged()
    nowhere = BrokerUnavailable("broker", "no queue", "bind one", topic="numbers")
    broker = InOrderBroker({2: nowhere, 5: nowhere})
    outbox.add(*range(8))
    async with LogRelay(outbox, outbox.log, broker, QUICK) as relay:
        await until(lambda: relay.sent == 6 and outbox.parked() == [2, 5])
        outbox.add(9)
        await until(lambda: relay.sent == 7)
    assert broker.tried.count(2) >= QUICK.attempts
    assert broker.arrived() == [0, 1, 3, 4, 6, 7, 9]


async def test_a_relay_of_a_log_that_cannot_reach_its_broker_when_it_begins_ends_with_an_error() -> None:
    class Refusing(InOrderBroker):
        async def start(self) -> None:
            raise BrokerUnavailable("broker.example:1234", "connection refused")

    outbox = Logged()
    with pytest.raises(WorkerCannotStart, match=r"relay of the log memory cannot start: broker\.example:1234"):
        await LogRelay(outbox, outbox.log, Refusing({}), QUICK).run()
    assert asyncio.all_tasks() == {asyncio.current_task()}
