"""Test suite for the queue of an outbox: what an ``OutboxRelay`` guarantees with it.

Subclass the suite and override its fixture ``backend`` with an :class:`OutboxBackend`, as for ``OutboxConformance``.
Real relays send from your outbox to a broker in memory, which fails where a test wants it.
"""
# ruff: noqa: S101, D102, PLR2004 - assert is how a suite checks, names state the behaviour, numbers are messages

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from cqrs.compressors.zlib import ZlibCompressor
from cqrs.errors.messages import MessageRejected
from cqrs.events.registry import EventRegistry
from cqrs.outbox.queue import Failure, Outcome
from cqrs.outbox.rows import PARTITIONS
from cqrs.testing.conformance._outbox_stand import ReversingCompressor, numbered
from cqrs.testing.conformance._relay_faults import RelayFaults
from cqrs.testing.conformance._relay_stand import (
    AWAY,
    EVERY,
    QUICK,
    STRANGE,
    HangingBroker,
    InOrderBroker,
    until,
    until_true,
)
from cqrs.workers.relay.outbox_relay import OutboxRelay
from cqrs.workers.relay.policy import RelayPolicy

if TYPE_CHECKING:
    from cqrs.outbox.repository import OutboxedEventRepository
    from cqrs.testing.conformance._outbox_stand import OutboxBackend

__all__ = ["AWAY", "QUICK", "InOrderBroker", "RelayConformance", "until", "until_true"]


@pytest.mark.asyncio
class RelayConformance(RelayFaults):
    """Tests for an ``OutboxQueue``; to run them, subclass this and override the fixture ``backend``.

    A back end that passes guarantees: each message is sent in the order of its key, by one relay at a time; an
    outage of the broker loses no message and counts no attempt; a poison message is parked with the later ones of
    its key and delays no other key; a relay that has lost a partition cannot settle its messages.
    """

    async def test_each_message_is_sent_once_and_in_the_order_of_its_key(
        self, outbox: OutboxedEventRepository, broker: InOrderBroker
    ) -> None:
        await self._add(outbox, *range(200), key=lambda n: f"key {n % 7}" if n % 5 else None)
        async with OutboxRelay(outbox, broker, QUICK):
            await until(lambda: len(broker.sent) >= 200)
        assert sorted(broker.arrived()) == list(range(200))
        for key in range(7):
            of_key = [number for number in broker.arrived() if number % 7 == key and number % 5]
            assert of_key == sorted(of_key)
        assert await outbox.queue().take(EVERY, 10) == []

    async def test_several_relays_share_the_work_and_keep_the_order_when_one_stops(
        self, backend: OutboxBackend, outbox: OutboxedEventRepository, broker: InOrderBroker
    ) -> None:
        relays = [OutboxRelay(self._repository(backend), broker, QUICK) for _ in range(3)]
        for relay in relays:
            await relay.start()
        await self._add(outbox, *range(150), key=lambda n: f"key {n % 11}")
        await until(lambda: len(broker.sent) >= 50)
        await relays[0].stop()
        await self._add(outbox, *range(150, 300), key=lambda n: f"key {n % 11}")
        await until(lambda: len(broker.sent) >= 300)
        for relay in relays:
            await relay.stop()
        assert sorted(broker.arrived()) == list(range(300))
        for key in range(11):
            of_key = [number for number in broker.arrived() if number % 11 == key]
            assert of_key == sorted(of_key)

    async def test_an_outage_loses_no_message_and_counts_no_attempt(
        self, outbox: OutboxedEventRepository, broker: InOrderBroker
    ) -> None:
        await self._add(outbox, *range(30), key=lambda n: f"key {n % 3}")
        broker.fail(dict.fromkeys(range(30), AWAY))
        async with OutboxRelay(outbox, broker, QUICK) as relay:
            await until(lambda: len(broker.tried) >= 30)
            assert broker.arrived() == []
            waiting = await outbox.queue().take(EVERY, 100)
            assert [message.attempts for message in waiting] == [0] * 30
            assert await outbox.parked.list() == []
            broker.errors.clear()
            await until(lambda: relay.sent >= 30)
        assert sorted(broker.arrived()) == list(range(30))

    async def test_a_hanging_broker_is_treated_as_an_outage(self, outbox: OutboxedEventRepository) -> None:
        await self._add(outbox, 1)
        broker = HangingBroker()
        policy = RelayPolicy(lease=0.5, idle_backoff=QUICK.idle_backoff, outage_backoff=QUICK.outage_backoff)
        async with OutboxRelay(outbox, broker, policy) as relay:
            await relay.started()
            assert await outbox.parked.list() == []
            broker.answers.set()
            await until(lambda: relay.sent >= 1)
        assert broker.arrived() == [1]

    async def test_a_poison_message_is_parked_with_the_rest_of_its_key_and_other_keys_are_sent(
        self, outbox: OutboxedEventRepository, broker: InOrderBroker, caplog: pytest.LogCaptureFixture
    ) -> None:
        broker.fail({4: STRANGE})
        await self._add(outbox, *range(20), key=lambda n: f"key {n % 2}")
        async with OutboxRelay(outbox, broker, QUICK) as relay:
            await until(lambda: relay.sent >= 12)
            await until_true(self._is_parked(outbox, 1))
            await self._add(outbox, 20, 21, key=lambda n: f"key {n % 2}")
            await until(lambda: relay.sent >= 13)
            await until_true(self._is_parked(outbox, 1, behind=8))
            (parked,) = await outbox.parked.list()
            assert (parked.envelope.json()["payload"], parked.attempts) == (4, QUICK.attempts)
            assert "too strange" in parked.error
            assert broker.tried.count(4) == QUICK.attempts
            failures = [record for record in caplog.records if "too strange" in record.getMessage()]
            assert len(failures) == QUICK.attempts  # the messages blocked by it log none
            assert sorted(broker.arrived()) == sorted([0, 2, *range(1, 22, 2)])
            assert await outbox.parked.list(after=parked.id) == []

            broker.errors.clear()
            assert await outbox.parked.replay(parked.id) == 1
            await until(lambda: relay.sent >= 22)
        assert [number for number in broker.arrived() if number % 2 == 0] == list(range(0, 21, 2))
        assert await outbox.parked.list() == []

    async def test_keys_that_look_alike_do_not_block_each_other(
        self, outbox: OutboxedEventRepository, broker: InOrderBroker
    ) -> None:
        broker.fail({0: STRANGE})
        keys = ["a", "a ", "A", "á", "a\N{COMBINING ACUTE ACCENT}", "a\N{NO-BREAK SPACE}"]
        await self._add(outbox, *range(2 * len(keys)), key=lambda n: keys[n % len(keys)])
        async with OutboxRelay(outbox, broker, QUICK) as relay:
            await until(lambda: relay.sent >= 2 * len(keys) - 2)
            await until_true(self._is_parked(outbox, 1, behind=1))
        assert sorted(broker.arrived()) == [n for n in range(2 * len(keys)) if n % len(keys)]

    async def test_later_messages_of_a_key_are_sent_right_after_one_that_was_held(
        self, backend: OutboxBackend, outbox: OutboxedEventRepository, broker: InOrderBroker
    ) -> None:
        await self._add(outbox, 0, key=lambda _: "key")
        holder = self._repository(backend, lease=dt.timedelta(seconds=0.5))
        assert len(await holder.get_many()) == 1
        await self._add(outbox, 1, 2, key=lambda _: "key")
        policy = RelayPolicy(attempt_backoff=QUICK.attempt_backoff, idle_backoff=QUICK.idle_backoff, cleanup_every=3600)
        async with OutboxRelay(outbox, broker, policy) as relay:
            await until(lambda: relay.sent >= 3)
        assert broker.arrived() == [0, 1, 2]

    async def test_a_message_accepted_after_rejections_keeps_its_place(
        self, outbox: OutboxedEventRepository, broker: InOrderBroker
    ) -> None:
        broker.fail({1: STRANGE})
        await self._add(outbox, *range(10), key=lambda _: "key")
        policy = RelayPolicy(
            attempts=1000, attempt_backoff=QUICK.attempt_backoff, idle_backoff=QUICK.idle_backoff, cleanup_every=3600
        )
        async with OutboxRelay(outbox, broker, policy) as relay:
            await until(lambda: broker.tried.count(1) >= 3)
            assert broker.arrived() == [0]
            broker.errors.clear()
            await until(lambda: relay.sent >= 10)
        assert broker.arrived() == list(range(10))

    async def test_dropping_a_parked_message_releases_the_rest_of_its_key(
        self, outbox: OutboxedEventRepository, broker: InOrderBroker
    ) -> None:
        broker.fail({0: STRANGE})
        await self._add(outbox, *range(5), key=lambda _: "key")
        async with OutboxRelay(outbox, broker, QUICK) as relay:
            await until_true(self._is_parked(outbox, 1, behind=4))
            (parked,) = await outbox.parked.list()
            assert await outbox.parked.drop(parked.id + 1) == 0
            assert await outbox.parked.drop(parked.id) == 1
            await until(lambda: relay.sent >= 4)
        assert broker.arrived() == [1, 2, 3, 4]

    async def test_an_error_text_with_odd_characters_delays_no_message(
        self, outbox: OutboxedEventRepository, broker: InOrderBroker
    ) -> None:
        broker.fail({0: MessageRejected("broker", "0", "it begins with \0 and \ud800" + "x" * 100_000)})
        await self._add(outbox, *range(3))
        async with OutboxRelay(outbox, broker, QUICK) as relay:
            await until(lambda: relay.sent >= 2)
            await until_true(self._is_parked(outbox, 1))

    async def test_a_parked_message_without_a_key_blocks_no_other(
        self, outbox: OutboxedEventRepository, broker: InOrderBroker
    ) -> None:
        broker.fail({0: STRANGE})
        await self._add(outbox, *range(5))
        async with OutboxRelay(outbox, broker, QUICK) as relay:
            await until(lambda: relay.sent >= 4)
            await until_true(self._is_parked(outbox, 1, behind=0))
        assert sorted(broker.arrived()) == [1, 2, 3, 4]

    async def test_a_relay_that_has_lost_a_partition_cannot_settle_its_messages(
        self, outbox: OutboxedEventRepository
    ) -> None:
        await self._add(outbox, *range(3), key=lambda _: "key")
        queue = outbox.queue()
        old = await queue.leases.keep(queue.scope, "former holder", count=PARTITIONS, ttl=0.0)
        new = await queue.leases.keep(queue.scope, "other", count=PARTITIONS, ttl=60.0)
        messages = list(await queue.take(EVERY, 10))
        (partition,) = {message.partition for message in messages}
        assert new.fences[partition] > old.fences[partition]
        outcome = Outcome(messages[:1], [Failure(messages[1], "no", None)], messages[2:])
        assert await queue.settle(old.fences, outcome) == 0
        assert list(await queue.take(EVERY, 10)) == messages
        assert await queue.settle(new.fences, Outcome(messages)) == 3
        assert await queue.settle(new.fences, Outcome(messages)) == 0

    async def test_a_message_that_is_no_longer_blocked_is_not_set_aside(self, outbox: OutboxedEventRepository) -> None:
        await self._add(outbox, *range(3), key=lambda _: "key")
        queue = outbox.queue()
        held = await queue.leases.keep(queue.scope, "relay", count=PARTITIONS, ttl=60.0)
        head, *_ = await queue.take(EVERY, 10)
        await queue.settle(held.fences, Outcome(failed=[Failure(head, "no", None)]))
        blocked = await queue.take(EVERY, 10)
        assert [message.blocked for message in blocked] == [True, True]
        assert await outbox.parked.replay() == 1  # before the relay has settled them
        assert await queue.settle(held.fences, Outcome(blocked=blocked)) == 0
        assert [message.blocked for message in await queue.take(EVERY, 10)] == [False] * 3

    async def test_orphaned_blocked_messages_are_released(self, outbox: OutboxedEventRepository) -> None:
        await self._add(outbox, *range(3), key=lambda _: "key")
        queue = outbox.queue()
        held = await queue.leases.keep(queue.scope, "relay", count=PARTITIONS, ttl=60.0)
        head, *rest = await queue.take(EVERY, 10)
        await queue.settle(held.fences, Outcome(failed=[Failure(head, "no", 0.0)]))
        await queue.settle(held.fences, Outcome(failed=[Failure(head, "no", 3600.0)]))
        assert await queue.settle(held.fences, Outcome(blocked=rest)) == 2
        assert await queue.release() == 0
        # `head` was taken before it had failed: settling it releases no other, as when a plain loop has sent it.
        await queue.settle(held.fences, Outcome(sent=[head]))
        assert await queue.take(EVERY, 10) == []
        assert await queue.release() == 2
        assert [message.id for message in await queue.take(EVERY, 10)] == [message.id for message in rest]

    async def test_scheduled_messages_are_sent_when_they_are_due(
        self, outbox: OutboxedEventRepository, broker: InOrderBroker
    ) -> None:
        async with outbox as session:
            outbox.add(session, numbered(1), key="key", delay=3600)
            outbox.add(session, numbered(2), key="key", delay=-1)
            outbox.add(session, numbered(3), key="key")
            await outbox.commit(session)
        async with OutboxRelay(outbox, broker, QUICK) as relay:
            await until(lambda: relay.sent >= 2)
        assert sorted(broker.arrived()) == [2, 3]
        assert await outbox.queue().oldest() is None

    async def test_messages_are_sent_without_their_event_classes(
        self, backend: OutboxBackend, outbox: OutboxedEventRepository, broker: InOrderBroker
    ) -> None:
        await self._add(outbox, 1)
        without_classes = backend.repository(registry=EventRegistry())
        async with OutboxRelay(without_classes, broker, QUICK) as relay:
            await until(lambda: relay.sent >= 1)
        assert broker.arrived() == [1]

    async def test_compressed_messages_arrive_plain_and_unreadable_ones_are_parked(
        self, backend: OutboxBackend, broker: InOrderBroker
    ) -> None:
        await self._add(self._repository(backend, ZlibCompressor()), 1, key=lambda _: "key")
        await self._add(self._repository(backend, ReversingCompressor()), 2, 3, key=lambda _: "key")
        outbox = self._repository(backend)
        async with OutboxRelay(outbox, broker, QUICK):
            await until_true(self._is_parked(outbox, 1, behind=1))
        assert broker.arrived() == [1]

    async def test_messages_of_a_key_that_a_plain_loop_holds_wait_for_it(
        self, outbox: OutboxedEventRepository, broker: InOrderBroker
    ) -> None:
        await self._add(outbox, 1, 2, key=lambda _: "key")
        await self._add(outbox, 3, key=lambda _: "other")
        (held,) = await outbox.get_many(1)
        async with OutboxRelay(outbox, broker, QUICK) as relay:
            await until(lambda: relay.sent >= 1)
            assert broker.arrived() == [3]
            await outbox.update_status(held.id, held.status)
            await outbox.commit()
            await until(lambda: relay.sent >= 3)
        assert broker.arrived() == [3, 1, 2]

    async def test_only_sent_messages_are_cleaned_up(
        self, outbox: OutboxedEventRepository, broker: InOrderBroker
    ) -> None:
        broker.fail({0: STRANGE})
        await self._add(outbox, 0, 1, 2)
        queue = outbox.queue()
        async with OutboxRelay(outbox, broker, QUICK) as relay:
            await until(lambda: relay.sent >= 2)
            await until_true(self._is_parked(outbox, 1))
        await self._add(outbox, 3)
        assert await queue.clean(dt.timedelta(hours=1)) == 0
        assert await queue.clean(dt.timedelta(0), 1) == 1
        assert await queue.clean(dt.timedelta(0)) == 1
        assert await queue.clean(dt.timedelta(0)) == 0
        assert len(await outbox.parked.list()) == 1
        assert len(await queue.take(EVERY, 10)) == 1
        waited = await queue.oldest()
        assert waited is not None
        assert waited >= dt.timedelta(0)

    async def test_a_relay_can_be_stopped_at_any_time_and_started_again(
        self, outbox: OutboxedEventRepository, broker: InOrderBroker
    ) -> None:
        relay = OutboxRelay(outbox, broker, QUICK)
        await relay.stop()
        await relay.start()
        await relay.start()
        await relay.started()
        await relay.stop()
        await relay.stop()
        await self._add(outbox, 1)
        await relay.start()
        await until(lambda: relay.sent >= 1)
        await relay.stop()
        assert broker.arrived() == [1]
        free = await outbox.queue().leases.keep(outbox.queue().scope, "next", count=PARTITIONS, ttl=1.0)
        assert len(free.fences) == PARTITIONS
