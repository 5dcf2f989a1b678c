"""Test suite for outboxes.

Subclass the suite and override its fixture:

    class TestMine(OutboxConformance):
        @pytest.fixture
        def backend(self):
            return MyBackend()

``MyBackend`` implements :class:`OutboxBackend`.
"""
# ruff: noqa: S101, D102, PT012 - assert is how a suite checks, names state the behaviour, a transaction is what fails

from __future__ import annotations

import asyncio
import contextvars
import datetime as dt
import uuid
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import pytest

from cqrs.compressors.zlib import ZlibCompressor
from cqrs.errors.events import UnknownEvent
from cqrs.errors.messages import BrokerUnavailable, MessageRejected, OutboxedEventMismatch
from cqrs.errors.transactions import UnitOfWorkStateError
from cqrs.events.registry import EventRegistry
from cqrs.outbox.event import EventStatus
from cqrs.outbox.rows import PARTITIONS
from cqrs.producer import EventProducer
from cqrs.testing.conformance._errors import Deliberate
from cqrs.testing.conformance._outbox_stand import (
    FlakyBroker,
    Numbered,
    Other,
    OutboxBackend,
    ReversingSerializer,
    numbered,
    numbers,
)
from cqrs.testing.conformance._peeking import Peeking
from cqrs.testing.conformance._refusals import Refusals
from cqrs.testing.conformance._scheduling import Scheduling

if TYPE_CHECKING:
    from cqrs.outbox.event import OutboxedEvent
    from cqrs.outbox.repository import OutboxedEventRepository


__all__ = ["Numbered", "OutboxBackend", "OutboxConformance", "numbered"]


@pytest.mark.asyncio
class OutboxConformance(Refusals, Peeking, Scheduling):
    """Tests for an ``OutboxedEventRepository``; to run them, subclass this and override the fixture ``backend``.

    A back end that passes guarantees: a message is stored if and only if its transaction is committed; a taken
    message is given to no other worker until its lease has run out; a worker without the lease cannot settle it;
    messages of one key are sent in order; a message that not every broker can carry is refused when it is added.
    """

    @pytest.fixture
    def backend(self) -> OutboxBackend:
        raise NotImplementedError("Override the fixture `backend` with one that returns your back end.")

    @pytest.fixture
    def registry(self) -> EventRegistry:
        registry = EventRegistry()
        registry.register(Numbered, "numbered")
        registry.register(Other, "other")
        return registry

    @pytest.fixture
    def outbox(self, backend: OutboxBackend, registry: EventRegistry) -> OutboxedEventRepository:
        return backend.repository(registry=registry)

    # adding

    async def test_committed_messages_can_be_taken_and_uncommitted_ones_cannot(
        self, outbox: OutboxedEventRepository
    ) -> None:
        async with outbox as session:
            outbox.add(session, numbered(1))
            outbox.add(session, numbered(2))
            await outbox.commit(session)
        async with outbox as session:
            outbox.add(session, numbered(3))
        with pytest.raises(Deliberate):
            async with outbox as session:
                outbox.add(session, numbered(4))
                raise Deliberate
        async with outbox as session:
            outbox.add(session, numbered(5))
            await outbox.rollback(session)
        assert numbers(await outbox.get_many()) == [1, 2]

    async def test_an_event_joins_the_open_unit_of_work(
        self, backend: OutboxBackend, outbox: OutboxedEventRepository
    ) -> None:
        async with backend.unit_of_work():
            outbox.add(numbered(1))
        with pytest.raises(Deliberate):
            async with backend.unit_of_work():
                outbox.add(numbered(2))
                raise Deliberate
        async with outbox:
            outbox.add(numbered(3))
            await outbox.commit()
        assert numbers(await outbox.get_many()) == [1, 3]

    async def test_messages_added_within_a_unit_of_work_are_stored_by_its_commit_only(
        self, backend: OutboxBackend, outbox: OutboxedEventRepository
    ) -> None:
        with pytest.raises(Deliberate):
            async with backend.unit_of_work():
                async with outbox as session:
                    outbox.add(session, numbered(1))
                    await outbox.commit(session)
                raise Deliberate
        async with backend.unit_of_work() as unit:
            async with outbox as session:
                assert session is unit.session
                outbox.add(session, numbered(2))
                await outbox.commit(session)
            async with outbox as session:
                outbox.add(session, numbered(3))
            assert unit.is_open
            outbox.add(numbered(4))
        assert numbers(await outbox.get_many()) == [2, 4]

    async def test_a_rolled_back_savepoint_drops_its_messages_only(
        self, backend: OutboxBackend, outbox: OutboxedEventRepository
    ) -> None:
        async with backend.unit_of_work() as unit:
            outbox.add(numbered(1))
            with pytest.raises(Deliberate):
                async with unit.savepoint():
                    outbox.add(numbered(2))
                    raise Deliberate
            async with unit.savepoint():
                outbox.add(numbered(3))
            outbox.add(numbered(4))
        assert numbers(await outbox.get_many()) == [1, 3, 4]

    async def test_a_commit_that_fails_leaves_nothing_to_send(
        self, backend: OutboxBackend, outbox: OutboxedEventRepository
    ) -> None:
        broken = False
        with pytest.raises(Exception):  # noqa: B017, PT011  # the error type depends on the database
            async with backend.unit_of_work() as unit:
                outbox.add(numbered(1))
                await backend.break_commit(unit)
                broken = True
        assert broken
        assert await outbox.get_many() == []

    async def test_adding_without_a_transaction_raises(self, outbox: OutboxedEventRepository) -> None:
        with pytest.raises(UnitOfWorkStateError, match="none is open here"):
            outbox.add(numbered(1))
        async with outbox as session:
            await outbox.commit(session)
            with pytest.raises(UnitOfWorkStateError):
                outbox.add(session, numbered(2))
            with pytest.raises(UnitOfWorkStateError):
                outbox.add(numbered(3))
        assert await outbox.get_many() == []

    async def test_adding_to_a_transaction_that_has_ended_raises(self, outbox: OutboxedEventRepository) -> None:
        async with outbox as session:
            pass
        with pytest.raises(UnitOfWorkStateError):
            outbox.add(session, numbered(1))

    async def test_an_unregistered_event_is_refused_when_it_is_added(self, outbox: OutboxedEventRepository) -> None:
        async with outbox as session:
            with pytest.raises(UnknownEvent, match="'strange' version 1"):
                outbox.add(session, Numbered(event_name="strange", payload=1))
            with pytest.raises(OutboxedEventMismatch, match=r"takes a Numbered.*is a Other"):
                outbox.add(session, Other(event_name="numbered", payload="x"))
            with pytest.raises(OutboxedEventMismatch, match="INotificationEvent"):
                outbox.add(session, object())
            await outbox.commit(session)
        assert await outbox.get_many() == []

    @pytest.mark.parametrize("compressor", [None, ZlibCompressor()], ids=["plain", "zlib"])
    async def test_everything_about_a_message_survives(
        self, backend: OutboxBackend, registry: EventRegistry, compressor: Any
    ) -> None:
        filled, event = backend.repository(compressor, registry=registry), Other(payload="naïve ✓ " * 9000)
        async with filled as session:
            filled.add(session, event, key="kéy", headers={"correlation-id": "c-1", "note": "✓"})
            await filled.commit(session)
        (taken,) = await backend.repository(registry=registry).get_many()
        assert taken.event == event
        assert (taken.topic, taken.status) == (event.topic, EventStatus.NEW)
        envelope = taken.envelope
        assert envelope is not None
        assert envelope.json() == event.model_dump(mode="json")
        assert (envelope.message_id, envelope.name, envelope.version) == (event.event_id, "other", 1)
        assert (envelope.key, envelope.content_type, envelope.content_encoding) == ("kéy", "application/json", None)
        assert envelope.headers == {"correlation-id": "c-1", "note": "✓"}

    @pytest.mark.parametrize("compressor", [None, ZlibCompressor()], ids=["plain", "zlib"])
    async def test_a_body_is_forwarded_as_serialized_and_without_its_serializer(
        self, backend: OutboxBackend, registry: EventRegistry, compressor: Any
    ) -> None:
        filled, event = backend.repository(compressor, registry=registry, serializer=ReversingSerializer()), numbered(1)
        async with filled as session:
            filled.add(session, event)
            await filled.commit(session)
        (queued,) = await filled.queue().take(range(PARTITIONS), 1)
        envelope = backend.repository(registry=EventRegistry()).envelope(queued)
        assert (envelope.body, envelope.content_type) == ReversingSerializer().serialize(event)
        (taken,) = await filled.get_many()
        assert taken.envelope == envelope
        assert taken.event == event

    async def test_a_message_can_be_forwarded_without_its_event_class(
        self, backend: OutboxBackend, outbox: OutboxedEventRepository
    ) -> None:
        await self._add(outbox, 1)
        (taken,) = await backend.repository(registry=EventRegistry()).get_many()
        assert taken.envelope is not None
        assert taken.envelope.json()["payload"] == 1
        with pytest.raises(UnknownEvent):
            assert taken.event

    async def test_a_dedup_id_replaces_the_id_of_the_event(self, outbox: OutboxedEventRepository) -> None:
        given = uuid.uuid4()
        async with outbox as session:
            for dedup_id in ("order-1", "order-1", "order-2", given):
                outbox.add(session, numbered(1), dedup_id=dedup_id)
            await outbox.commit(session)
        first, same, other, exact = [e.envelope.message_id for e in await outbox.get_many() if e.envelope]
        assert first == same != other
        assert exact == given

    # taking and settling

    async def test_messages_are_taken_in_the_order_of_adding_and_by_topic(
        self, outbox: OutboxedEventRepository
    ) -> None:
        await self._add(outbox, *range(7))
        async with outbox as session:
            outbox.add(session, numbered(7, "elsewhere"))
            await outbox.commit(session)
        assert numbers(await outbox.get_many(3)) == [0, 1, 2]
        assert numbers(await outbox.get_many(topic="elsewhere")) == [7]
        assert numbers(await outbox.get_many(100)) == [3, 4, 5, 6]

    async def test_a_taken_message_is_given_to_no_other_worker(
        self, backend: OutboxBackend, outbox: OutboxedEventRepository, registry: EventRegistry
    ) -> None:
        await self._add(outbox, *range(40))
        others = [backend.repository(registry=registry) for _ in range(4)]
        batches = await asyncio.gather(*(other.get_many(7) for other in others for _ in range(3)))
        taken = [number for batch in batches for number in numbers(batch)]
        rest = numbers(await outbox.get_many())
        assert sorted([*taken, *rest]) == list(range(40))

    async def test_a_sent_message_is_not_taken_again(self, outbox: OutboxedEventRepository) -> None:
        await self._add(outbox, 1, 2)
        first, second = await outbox.get_many()
        await outbox.update_status(first.id, EventStatus.PRODUCED)
        await outbox.update_status(second.id, EventStatus.NOT_PRODUCED)
        await outbox.commit()
        (again,) = await outbox.get_many()
        assert (again.id, again.status, again.attempts) == (second.id, EventStatus.NOT_PRODUCED, 0)
        assert again.fence > second.fence
        await outbox.reject(again.id, Deliberate("no"))
        await outbox.commit()
        (once_more,) = await outbox.get_many()
        assert (once_more.id, once_more.attempts) == (second.id, 1)

    async def test_outcomes_are_not_recorded_before_the_commit(
        self, backend: OutboxBackend, outbox: OutboxedEventRepository, registry: EventRegistry
    ) -> None:
        dying = backend.repository(registry=registry, lease=dt.timedelta(0))
        await self._add(outbox, 1)
        (taken,) = await dying.get_many()
        await dying.update_status(taken.id, EventStatus.PRODUCED)
        await dying.rollback()
        assert numbers(await outbox.get_many()) == [1]

    async def test_a_message_whose_lease_ran_out_is_taken_again_and_not_settled_by_its_former_holder(
        self, backend: OutboxBackend, outbox: OutboxedEventRepository, registry: EventRegistry
    ) -> None:
        await self._add(outbox, 1)
        former_holder = backend.repository(registry=registry, lease=dt.timedelta(0))
        (stale,) = await former_holder.get_many()
        assert not stale.is_held()
        (taken,) = await outbox.get_many()
        assert taken.fence > stale.fence
        for status in (EventStatus.NOT_PRODUCED, EventStatus.PRODUCED):
            await former_holder.update_status(stale.id, status)
            await former_holder.commit()
            assert await former_holder.get_many() == []
        await outbox.update_status(taken.id, EventStatus.NOT_PRODUCED)
        await outbox.commit()
        assert numbers(await former_holder.get_many()) == [1]

    async def test_a_worker_without_the_lease_settles_only_messages_that_are_not_held(
        self, backend: OutboxBackend, outbox: OutboxedEventRepository, registry: EventRegistry
    ) -> None:
        await self._add(outbox, 1, 2)
        other_worker = backend.repository(registry=registry)
        (held,) = await outbox.get_many(1)
        for id_ in (held.id, held.id + 1):
            await other_worker.update_status(id_, EventStatus.PRODUCED)
        await other_worker.commit()
        await outbox.update_status(held.id, EventStatus.NOT_PRODUCED)
        await outbox.commit()
        assert numbers(await outbox.get_many()) == [1]

    async def test_an_open_transaction_delays_no_messages_of_others(
        self, backend: OutboxBackend, outbox: OutboxedEventRepository
    ) -> None:
        if not backend.concurrent_writers:
            pytest.skip("this outbox has one writer at a time")
        async with outbox as early:
            outbox.add(early, numbered(1))
            if hasattr(early, "flush"):
                await early.flush()
            await asyncio.create_task(self._add(outbox, 2), context=contextvars.Context())
            assert numbers(await outbox.get_many()) == [2]
            await outbox.commit(early)
        assert numbers(await outbox.get_many()) == [1]

    # the loop of EventProducer

    async def test_the_loop_sends_everything_once_and_in_order(self, outbox: OutboxedEventRepository) -> None:
        await self._add(outbox, *range(25), key="k")
        broker = FlakyBroker({})
        for producer in (EventProducer(broker, outbox), EventProducer(outbox, broker)):
            await self._loop(producer, batches=4)
        assert broker.arrived() == list(range(25))

    async def test_concurrent_loops_send_no_message_twice(
        self, backend: OutboxBackend, outbox: OutboxedEventRepository, registry: EventRegistry
    ) -> None:
        await self._add(outbox, *range(60))
        broker = FlakyBroker({})
        loops = [EventProducer(broker, backend.repository(registry=registry)) for _ in range(3)]
        await asyncio.gather(*(self._loop(loop, batches=8, size=10) for loop in loops))
        assert sorted(broker.arrived()) == list(range(60))

    async def test_an_outage_loses_no_message_and_counts_no_attempt(self, outbox: OutboxedEventRepository) -> None:
        await self._add(outbox, 1, 2, 3)
        broker = FlakyBroker({1: BrokerUnavailable("broker", "away")})
        producer = EventProducer(broker, outbox, poll_interval=0)
        await self._loop(producer, batches=6)
        assert broker.tried == [1] * 6
        broker.errors.clear()
        assert [event.attempts for event in await self._loop(producer, batches=1)] == [0, 0, 0]
        assert broker.arrived() == [1, 2, 3]

    async def test_a_rejected_message_holds_back_its_key_and_no_other(self, outbox: OutboxedEventRepository) -> None:
        for number, key in enumerate(["a", "b", "a", None, "b"]):
            await self._add(outbox, number, key=key)
        broker = FlakyBroker({0: MessageRejected("broker", "0", "too strange")})
        producer = EventProducer(broker, outbox, poll_interval=0)
        await self._loop(producer, batches=3)
        assert broker.arrived() == [1, 3, 4]
        broker.errors.clear()
        assert [event.attempts for event in await self._loop(producer, batches=1)] == [3, 0]
        assert broker.arrived() == [1, 3, 4, 0, 2]

    async def test_the_loop_does_not_send_a_message_whose_lease_has_run_out(
        self, backend: OutboxBackend, outbox: OutboxedEventRepository, registry: EventRegistry
    ) -> None:
        await self._add(outbox, 1)
        broker = FlakyBroker({})
        slow = backend.repository(registry=registry, lease=dt.timedelta(0))
        await self._loop(EventProducer(broker, slow, poll_interval=0), batches=1)
        assert broker.tried == []
        assert numbers(await outbox.get_many()) == [1]

    async def _add(self, outbox: OutboxedEventRepository, *which: int, key: str | None = None) -> None:
        async with outbox as session:
            for number in which:
                outbox.add(session, numbered(number), key=key)
            await outbox.commit(session)

    async def _loop(self, producer: EventProducer, batches: int, size: int = 100) -> list[OutboxedEvent]:
        """Run the loop that users write; it ends after ``batches`` batches, or after an empty one."""
        seen: list[OutboxedEvent] = []
        async with aclosing(producer.event_batch_generator(size)) as generator:
            async for events in generator:
                for event in events:
                    await producer.send_message(event)
                await producer.repository.commit()
                seen += events
                batches -= 1
                if not batches or not events:
                    break
        return seen
