"""What a relay does when something around it misbehaves."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import TYPE_CHECKING, Any

import pytest

from cqrs._text import storable
from cqrs.backoff import Backoff
from cqrs.errors import MessageRejected
from cqrs.events.registry import EventRegistry
from cqrs.leases import MemoryLeaseStore
from cqrs.outbox import MemoryOutbox, MemoryOutboxedEventRepository
from cqrs.outbox.memory.queue import MemoryOutboxQueue
from cqrs.testing.conformance._outbox_stand import FlakyBroker
from cqrs.testing.conformance.outbox import Numbered, numbered
from cqrs.testing.conformance.relay import AWAY, QUICK, InOrderBroker
from cqrs.workers.relay.outbox_relay import OutboxRelay
from cqrs.workers.relay.policy import RelayPolicy
from tests.helpers.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cqrs.envelope import Envelope
    from cqrs.outbox.queue import OutboxQueue, QueuedMessage


class Outbox(MemoryOutboxedEventRepository):
    """One whose queue is a given one."""

    def __init__(self, queue: Callable[[MemoryOutbox], OutboxQueue] = MemoryOutboxQueue) -> None:
        registry = EventRegistry()
        registry.register(Numbered, "numbered")
        super().__init__(registry=registry)
        self._queue = queue(self.store)

    def queue(self) -> Any:
        return self._queue

    async def fill(self, *numbers: int, key: Callable[[int], str | None] = lambda _: None) -> None:
        async with self as session:
            for number in numbers:
                self.add(session, numbered(number), key=key(number))
            await self.commit(session)


class Hiccups(MemoryOutboxQueue):
    """Raises what it is given in place of taking, once for each."""

    def __init__(self, store: MemoryOutbox) -> None:
        super().__init__(store)
        self.errors: list[BaseException] = []
        self.limits: list[int] = []

    async def take(self, partitions: Sequence[int], limit: int) -> Sequence[QueuedMessage]:
        self.limits.append(limit)
        if self.errors:
            raise self.errors.pop(0)
        return await super().take(partitions, limit)


async def test_an_answer_of_another_length_than_the_batch_is_an_outage_that_is_explained(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Mumbling(InOrderBroker):
        short = True

        async def send(self, envelopes: Sequence[Envelope]) -> list[Exception | None]:
            results = await super().send(envelopes)
            return results[:-1] if self.short else results

    broker, outbox = Mumbling({}), Outbox()
    await outbox.fill(1, 2, 3)
    async with OutboxRelay(outbox, broker, QUICK) as relay:
        await until(lambda: "3 messages by 2 results" in caplog.text)
        assert relay.sent == 0
        broker.short = False
        await until(lambda: relay.sent == 3)


async def test_a_broker_that_raises_for_a_batch_spends_no_attempt_and_parks_nothing() -> None:
    class Raising(InOrderBroker):
        raised = 0

        async def send(self, envelopes: Sequence[Envelope]) -> list[Exception | None]:
            if self.raised < 3 * QUICK.attempts:
                self.raised += 1
                raise MessageRejected("broker", "?", "one of them is strange")
            return await super().send(envelopes)

    broker, outbox = Raising({}), Outbox()
    await outbox.fill(1, 2, 3)
    async with OutboxRelay(outbox, broker, QUICK) as relay:
        await until(lambda: relay.sent == 3)
    assert await outbox.parked.list() == []


async def test_a_cancellation_by_the_driver_does_not_end_the_relay() -> None:
    class Cancelling(InOrderBroker):
        cancelled = False

        async def send(self, envelopes: Sequence[Envelope]) -> list[Exception | None]:
            if not self.cancelled:
                self.cancelled = True
                raise asyncio.CancelledError
            return await super().send(envelopes)

    outbox = Outbox(Hiccups)
    outbox.queue().errors = [asyncio.CancelledError()]
    await outbox.fill(1)
    async with OutboxRelay(outbox, Cancelling({}), QUICK) as relay:
        await until(lambda: relay.sent == 1)


async def test_a_lease_store_that_is_cancelled_by_its_driver_does_not_leave_the_relay_without_leases(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keep, cancelled = MemoryLeaseStore.keep, asyncio.Event()

    async def cancel_once(self: MemoryLeaseStore, *args: Any, **options: Any) -> Any:
        if not cancelled.is_set():
            cancelled.set()
            raise asyncio.CancelledError
        return await keep(self, *args, **options)

    monkeypatch.setattr(MemoryLeaseStore, "keep", cancel_once)
    outbox = Outbox()
    await outbox.fill(1)
    async with OutboxRelay(outbox, InOrderBroker({}), QUICK) as relay:
        await until(lambda: relay.sent == 1)


async def test_a_relay_does_not_outlive_what_keeps_its_leases() -> None:
    relay = OutboxRelay(Outbox(), InOrderBroker({}), QUICK)
    await relay.start()
    await relay.started()
    assert relay._leases._task is not None
    relay._leases._task.cancel()
    await until(lambda: not relay.is_running)
    await relay.stop()


async def test_an_idle_relay_listens_again_after_an_outage() -> None:
    outbox = Outbox(Hiccups)
    outbox.queue().errors = [ConnectionError("gone")]
    slow = Backoff(first=3600, longest=3600, jitter=0)
    broker = InOrderBroker({})
    async with OutboxRelay(
        outbox, broker, RelayPolicy(idle_backoff=slow, outage_backoff=QUICK.outage_backoff)
    ) as relay:
        await until(lambda: len(outbox.queue().limits) == 2)  # the second time it was there, and had nothing
        await outbox.fill(1)
        await until(lambda: relay.sent == 1)  # by a wake-up: the next poll is an hour away


async def test_after_an_outage_batches_are_whole_again() -> None:
    outbox, broker = Outbox(Hiccups), InOrderBroker(dict.fromkeys(range(100), AWAY))
    await outbox.fill(*range(100))
    async with OutboxRelay(outbox, broker, QUICK) as relay:
        await until(lambda: len(broker.tried) > QUICK.batch_size)
        broker.errors.clear()
        await until(lambda: relay.sent == 100)
    limits = outbox.queue().limits
    assert limits[0] == limits[-1] == QUICK.batch_size
    assert 10 in limits


async def test_a_slow_broker_gets_batches_that_it_can_take_within_the_lease() -> None:
    class Slow(InOrderBroker):
        async def send(self, envelopes: Sequence[Envelope]) -> list[Exception | None]:
            results: list[Exception | None] = []
            for envelope in envelopes:
                await asyncio.sleep(0.01)
                results += await FlakyBroker.send(self, [envelope])
            return results

    outbox, broker = Outbox(), Slow({})
    await outbox.fill(*range(300))  # a batch of which takes three times as long as the lease
    policy = RelayPolicy(
        batch_size=300, lease=1.0, idle_backoff=QUICK.idle_backoff, outage_backoff=QUICK.outage_backoff
    )
    async with OutboxRelay(outbox, broker, policy) as relay:
        await until(lambda: relay.sent == 300)
    assert sorted(set(broker.arrived())) == list(range(300))
    assert len(broker.arrived()) < 600  # the first batch was too large, and only that


async def test_no_partition_has_its_turn_more_often_than_others() -> None:
    relay = OutboxRelay(Outbox(), InOrderBroker({}), QUICK)
    firsts = [relay._rotated({3: 1, 7: 1, 50: 1})[0] for _ in range(9)]
    assert sorted(firsts) == [3] * 3 + [7] * 3 + [50] * 3
    assert sorted(relay._rotated({3: 1, 7: 1, 50: 1})) == [3, 7, 50]


async def test_messages_whose_lease_was_lost_while_taking_them_are_not_sent_though_leases_were_renewed_since() -> None:
    class TakenOver(MemoryOutboxQueue):
        """While it takes for the first time, the process stands still, and another relay gets the leases."""

        stood_still = False
        back = asyncio.Event()

        async def take(self, partitions: Sequence[int], limit: int) -> Sequence[QueuedMessage]:
            taken = await super().take(partitions, limit)
            if taken and not self.stood_still:
                self.stood_still = True
                for share in self.leases._shares[self.scope].values():
                    share.owner, share.fence = "other", share.fence + 1
                await self.back.wait()
            return taken

    outbox, broker = Outbox(TakenOver), InOrderBroker({})
    await outbox.fill(1)
    queue = outbox.queue()
    async with OutboxRelay(outbox, broker, QUICK) as relay:
        await until(lambda: queue.stood_still and not relay._leases.holds_any)
        await queue.leases.leave(queue.scope, "other")
        await until(lambda: relay._leases.holds_any)
        queue.back.set()
        await until(lambda: relay.sent == 1)
    assert broker.tried == [1]  # not once for what it had taken before


@pytest.mark.parametrize("text", ["a \0 byte", "half a pair \ud800", "x" * 100_000])
def test_the_stored_text_of_an_error_fits_every_database(text: str) -> None:
    stored = storable(ValueError(text))
    assert "\0" not in stored
    assert len(stored.encode()) <= 8_000


class Untidy(Hiccups):
    """Does not get to the end of what is to be done now and then."""

    def __init__(self, store: MemoryOutbox) -> None:
        super().__init__(store)
        self.tries = 0
        self.error: Exception | None = None

    async def release(self) -> int:
        self.tries += 1
        if self.error is not None:
            raise self.error
        await asyncio.Event().wait()
        raise AssertionError


@pytest.mark.parametrize("error", [None, OSError("it takes too long")])
async def test_failing_housekeeping_delays_no_message(
    error: Exception | None, caplog: pytest.LogCaptureFixture
) -> None:
    outbox = Outbox(Untidy)
    queue = outbox.queue()
    queue.error = error
    policy = dataclasses.replace(QUICK, lease=0.2, cleanup_every=0.0)
    async with OutboxRelay(outbox, InOrderBroker({}), policy) as relay:
        for round_ in range(1, 4):
            await outbox.fill(*range(20))
            await until(lambda: relay.sent == round_ * 20 and queue.tries > round_)  # noqa: B023  # it is awaited here
    assert " waits for " not in caplog.text  # as in an outage
    assert caplog.text.count("cannot release or remove messages in the database of Outbox: ") == 1
