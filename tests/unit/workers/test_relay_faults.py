"""What a relay does about messages that hang, about outages that last, and about relays of one name."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import os
import re
from typing import TYPE_CHECKING, Any

import pytest

from cqrs._logging.outages import OutageLog
from cqrs.backoff import Backoff
from cqrs.errors import BrokerUnavailable, InvalidArgument
from cqrs.leases import MemoryLeaseStore
from cqrs.testing.conformance.relay import AWAY, QUICK, InOrderBroker
from cqrs.workers.lease_holder import LeaseHolder
from cqrs.workers.relay.outbox_relay import OutboxRelay
from cqrs.workers.relay.pipeline import Pipeline
from cqrs.workers.relay.policy import RelayPolicy
from tests.helpers.waiting import until
from tests.unit.workers.test_outbox_relay import Outbox

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqrs.envelope import Envelope


class Hanging(InOrderBroker):
    """Never answers for a batch with one of ``bad`` in it."""

    def __init__(self, *bad: int) -> None:
        super().__init__({})
        self.bad = set(bad)

    def __repr__(self) -> str:
        return "<Hanging broker.example:1234>"

    async def send(self, envelopes: Sequence[Envelope]) -> list[Exception | None]:
        if self.bad.isdisjoint(envelope.json()["payload"] for envelope in envelopes):
            return await super().send(envelopes)
        await asyncio.Event().wait()
        raise AssertionError


def test_a_message_that_hangs_costs_the_time_of_a_lease_once() -> None:
    pipeline = Pipeline(InOrderBroker({}), 10, 30.0)
    assert pipeline.shortened(24.0, 10) == 24.0  # nothing is known yet
    pipeline._usual = (0.2, 10)
    assert pipeline.shortened(24.0, 5) == 2.0
    assert pipeline.shortened(24.0, 50) == 10.0
    assert pipeline.shortened(0.5, 50) == 0.5
    pipeline._usual = (0.001, 10)
    assert pipeline.shortened(24.0, 5) == 1.0


async def test_a_message_that_hangs_is_found_and_the_others_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cqrs.workers.relay.pipeline._SHORTEST", 0.02)
    broker, outbox = Hanging(30), Outbox()
    await outbox.fill(*range(60))
    policy = dataclasses.replace(QUICK, lease=1.0, batch_size=60)
    async with OutboxRelay(outbox, broker, policy) as relay:
        await until(lambda: relay.sent == 59)
        await outbox.fill(60)
        rows = outbox.store.rows
        await until(lambda: any(row.attempts for row in rows.values()))


async def test_messages_leave_though_one_takes_the_broker_from_what_is_tried_just_after_it() -> None:
    class Losing(InOrderBroker):
        there_at = 0.0

        async def send(self, envelopes: Sequence[Envelope]) -> list[Exception | None]:
            now = asyncio.get_running_loop().time()
            if now < self.there_at:
                return [AWAY] * len(envelopes)
            if all(envelope.json()["payload"] for envelope in envelopes):
                return await super().send(envelopes)
            self.there_at = now + 0.02
            return [AWAY] * len(envelopes)

    broker, outbox = Losing({}), Outbox()
    await outbox.fill(*range(6))
    async with OutboxRelay(outbox, broker, QUICK) as relay:
        await until(lambda: relay.sent == 5)
    assert sorted(broker.arrived()) == [1, 2, 3, 4, 5]


async def test_one_refusal_for_a_whole_batch_parks_only_the_message_that_it_follows() -> None:
    class Sharing(InOrderBroker):
        async def send(self, envelopes: Sequence[Envelope]) -> list[Exception | None]:
            if any(envelope.json()["payload"] == 7 for envelope in envelopes):
                return [ValueError("one of them")] * len(envelopes)
            return await super().send(envelopes)

    outbox = Outbox()
    await outbox.fill(*range(20))
    async with OutboxRelay(outbox, Sharing({}), QUICK) as relay:
        await until(lambda: relay.sent == 19)
        await outbox.fill(20)
        await until(lambda: _parked(outbox))
    assert [row.attempts for row in outbox.store.rows.values()] == [0] * 7 + [3] + [0] * 13


async def test_a_broker_that_does_not_answer_is_named_with_its_address(caplog: pytest.LogCaptureFixture) -> None:
    outbox = Outbox()
    await outbox.fill(1)
    async with OutboxRelay(outbox, Hanging(1), dataclasses.replace(QUICK, lease=0.1)):
        await until(
            lambda: "<Hanging broker.example:1234> is not available (TimeoutError: no answer within" in caplog.text
        )


async def test_an_outage_that_lasts_is_reminded_of_with_the_message_that_is_first_in_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    broker, outbox = InOrderBroker({1: AWAY}), Outbox()
    await outbox.fill(1)
    (row,) = outbox.store.rows.values()
    first = f"first in line is numbered {row.new.envelope.message_id} for topic 'numbers'"
    async with OutboxRelay(outbox, broker, dataclasses.replace(QUICK, remind_every=0.05), name="shop") as relay:
        await until(lambda: caplog.text.count(" still waits for the broker InOrderBroker, since ") >= 2)
        said = [record.getMessage() for record in caplog.records if "waits for" in record.getMessage()]
        assert all(
            text.startswith("relay shop:") and text.endswith(f"broker is not available (away); {first}")
            for text in said
        )
        assert len(said) < broker.tried.count(1)  # and not at every try
        broker.errors.clear()
        await until(lambda: relay.sent == 1)
    assert re.search(r"goes on after .* s: the broker InOrderBroker is there again", caplog.text)


def test_a_reminder_logs_the_start_of_the_outage_and_the_number_of_attempts(caplog: pytest.LogCaptureFixture) -> None:
    outages = OutageLog("relay me", fails="waits for", recovers="goes on", remind_every=0.0)
    with caplog.at_level(logging.WARNING, "cqrs"):
        for _ in range(3):
            outages.failed(ConnectionError("away"), "the broker")
        outages.over()
        outages.over()
    began, *reminders, ended = [record.getMessage() for record in caplog.records]
    assert began == "relay me waits for the broker: ConnectionError('away')"
    assert [text.partition(" attempts): ")[0][-1] for text in reminders] == ["2", "3"]
    assert re.fullmatch(r"relay me goes on after 3 failed attempts in \S+ s: the broker is there again", ended)


async def test_a_message_that_fails_alone_is_given_up_only_while_the_broker_can_be_reached() -> None:
    class Gone(InOrderBroker):
        is_there = False  # for single messages; others go on arriving
        asked = 0

        async def start(self) -> None:
            self.asked += 1
            if not self.is_there:
                raise BrokerUnavailable("broker", "gone")

    broker, outbox = Gone({1: KeyError("odd")}), Outbox()
    await outbox.fill(0, 1, 2)
    async with OutboxRelay(outbox, broker, dataclasses.replace(QUICK, attempt_backoff=Backoff(0.02, 0.02))) as relay:
        await until(lambda: relay.sent == 2)
        while broker.asked < 5:
            if not any(row.attempts for row in outbox.store.rows.values()):
                await outbox.fill(3)  # until one leaves after it, there is no telling
            await asyncio.sleep(0.01)
        assert await outbox.parked.list() == []
        broker.is_there = True
        await until(lambda: _parked(outbox))


async def test_a_batch_that_its_driver_has_cancelled_counts_as_failed() -> None:
    class Cancelling(InOrderBroker):
        async def send(self, envelopes: Sequence[Envelope]) -> list[Exception | None]:
            if any(envelope.json()["payload"] == 7 for envelope in envelopes):
                raise asyncio.CancelledError
            return await super().send(envelopes)

    outbox = Outbox()
    await outbox.fill(*range(20))
    async with OutboxRelay(outbox, Cancelling({}), QUICK) as relay:
        await until(lambda: relay.sent == 19)
        await outbox.fill(20)
        await until(lambda: _parked(outbox))


async def test_two_relays_of_one_name_share_the_work() -> None:
    outbox, broker = Outbox(), InOrderBroker({})
    relays = [OutboxRelay(outbox, broker, QUICK, name="shop") for _ in range(2)]
    async with relays[0], relays[1]:
        assert len({relay.name for relay in relays}) == 2
        await until(lambda: all(0 < len(relay._leases._fences) < 64 for relay in relays))
        await outbox.fill(*range(100), key=lambda n: f"key {n % 9}")
        await until(lambda: len(broker.sent) >= 100)
    assert sorted(broker.arrived()) == list(range(100))


async def test_a_relay_made_before_a_fork_works_in_both_processes_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    holder = LeaseHolder(MemoryLeaseStore(), "scope", count=4, ttl=5.0, name="shop")
    owners: list[str] = []
    for pid in (4001, 4002):  # as in two processes that have it from before they were two
        monkeypatch.setattr(os, "getpid", lambda pid=pid: pid)
        async with holder:
            await holder.started()
            owners.append(holder.owner)
    assert [owner.split(":")[-2] for owner in owners] == ["4001", "4002"]
    assert len({owner.split(":")[-1] for owner in owners}) == 2
    assert all(owner.startswith("shop:") and len(owner) <= 64 for owner in owners)


@pytest.mark.parametrize("name", ["", "a\0b", 7])
def test_a_name_that_no_log_line_can_hold_is_refused(name: Any) -> None:
    with pytest.raises(InvalidArgument, match="name="):
        OutboxRelay(Outbox(), InOrderBroker({}), QUICK, name=name)


def test_reminders_without_a_pause_are_refused() -> None:
    with pytest.raises(InvalidArgument, match="remind_every"):
        RelayPolicy(remind_every=0)


async def _parked(outbox: Outbox) -> bool:
    return len(await outbox.parked.list()) == 1
