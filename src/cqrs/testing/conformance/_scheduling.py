"""The part of the outbox suite for scheduled messages: when they are taken, and how they are cancelled."""
# ruff: noqa: S101, PT012 - assert is how a suite checks, a transaction is what fails

from __future__ import annotations

import asyncio
import contextvars
import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from cqrs.outbox.event import EventStatus
from cqrs.outbox.rows import PARTITIONS
from cqrs.testing.conformance._errors import Deliberate
from cqrs.testing.conformance._outbox_stand import HOUR, numbered, numbers

if TYPE_CHECKING:
    from cqrs.outbox.repository import OutboxedEventRepository
    from cqrs.testing.conformance._outbox_stand import OutboxBackend

SOON = 0.4
"""Delay, in seconds, of a message that a test waits for."""

taken_by = pytest.mark.parametrize("taken_by", ["relay", "loop"])


class Scheduling:
    """Tests of ``delay``, ``due_at`` and ``cancel``; the suite that inherits them has the fixtures."""

    async def test_a_message_is_not_taken_before_it_is_due(self, outbox: OutboxedEventRepository) -> None:
        now = dt.datetime.now(dt.UTC)
        async with outbox as session:
            outbox.add(session, numbered(1), delay=3600)
            outbox.add(session, numbered(2), delay=HOUR)
            outbox.add(session, numbered(3), due_at=now + HOUR)
            outbox.add(session, numbered(4), due_at=(now - HOUR).astimezone(dt.timezone(-5 * HOUR)))
            outbox.add(session, numbered(5), delay=-1)
            outbox.add(session, numbered(6))
            with pytest.raises(ValueError, match="time zone"):
                outbox.add(session, numbered(7), due_at=now.replace(tzinfo=None))
            await outbox.commit(session)
        assert sorted(numbers(await outbox.get_many())) == [4, 5, 6]

    async def test_a_cancelled_message_is_never_taken(
        self, backend: OutboxBackend, outbox: OutboxedEventRepository
    ) -> None:
        event, named = numbered(1), numbered(2)
        async with outbox as session:
            outbox.add(session, event, delay=SOON)
            outbox.add(session, named, delay=SOON, dedup_id="reminder-2")
            await outbox.commit(session)
        async with outbox as session:
            assert await outbox.cancel(session, event.event_id)
            assert not await outbox.cancel(session, event.event_id)
            await outbox.commit(session)
        async with backend.unit_of_work():
            assert await outbox.cancel("reminder-2")
        await asyncio.sleep(SOON)
        assert await outbox.get_many() == []

    async def test_only_a_message_that_is_not_yet_due_can_be_cancelled(self, outbox: OutboxedEventRepository) -> None:
        at_once, due, sent = numbered(1), numbered(2), numbered(3)
        async with outbox as session:
            outbox.add(session, sent, delay=-1)
            await outbox.commit(session)
        (taken,) = await outbox.get_many()
        await outbox.update_status(taken.id, EventStatus.PRODUCED)
        await outbox.commit()
        async with outbox as session:
            outbox.add(session, at_once)
            outbox.add(session, due, delay=-1)
            await outbox.commit(session)
        async with outbox as session:
            for message_id in (at_once.event_id, due.event_id, sent.event_id, uuid.uuid4(), "unknown"):
                assert not await outbox.cancel(session, message_id)
            await outbox.commit(session)
        assert sorted(numbers(await outbox.get_many())) == [1, 2]

    async def test_a_message_added_in_the_same_transaction_can_be_cancelled(
        self, outbox: OutboxedEventRepository
    ) -> None:
        event, other = numbered(1), numbered(2)
        async with outbox as session:
            outbox.add(session, event, delay=SOON)
            outbox.add(session, other, delay=SOON)
            assert await outbox.cancel(session, event.event_id)
            await outbox.commit(session)
        await asyncio.sleep(SOON)
        assert numbers(await outbox.get_many()) == [2]

    @taken_by
    async def test_a_message_being_cancelled_is_not_taken_when_it_becomes_due(
        self, backend: OutboxBackend, outbox: OutboxedEventRepository, taken_by: str
    ) -> None:
        event = await self._schedule(outbox)
        async with outbox as session:
            assert await outbox.cancel(session, event.event_id)
            await asyncio.sleep(SOON)
            taking = asyncio.create_task(self._taken(outbox, taken_by))
            if backend.concurrent_writers:
                assert await taking == []
            await outbox.commit(session)
        assert await taking == []
        assert await self._taken(outbox, taken_by) == []

    @taken_by
    async def test_a_message_whose_cancellation_is_rolled_back_is_taken(
        self, backend: OutboxBackend, outbox: OutboxedEventRepository, taken_by: str
    ) -> None:
        event = await self._schedule(outbox)
        async with outbox as session:
            assert await outbox.cancel(session, event.event_id)
            await outbox.rollback(session)
        async with backend.unit_of_work() as unit:
            with pytest.raises(Deliberate):
                async with unit.savepoint():
                    assert await outbox.cancel(event.event_id)
                    raise Deliberate
        await asyncio.sleep(SOON)
        assert await self._taken(outbox, taken_by) == [event.event_id]

    @taken_by
    async def test_a_cancellation_that_waited_until_the_message_is_due_fails(
        self, outbox: OutboxedEventRepository, taken_by: str
    ) -> None:
        event = await self._schedule(outbox)
        async with outbox as session:
            assert await outbox.cancel(session, event.event_id)
            second = asyncio.create_task(self._cancelled(outbox, event.event_id), context=contextvars.Context())
            await asyncio.sleep(SOON)
            await outbox.rollback(session)
        assert not await second
        assert await self._taken(outbox, taken_by) == [event.event_id]

    async def _schedule(self, outbox: OutboxedEventRepository) -> Any:
        event = numbered(1)
        async with outbox as session:
            outbox.add(session, event, delay=SOON)
            await outbox.commit(session)
        return event

    async def _cancelled(self, outbox: OutboxedEventRepository, message_id: uuid.UUID) -> bool:
        async with outbox as session:
            done = await outbox.cancel(session, message_id)
            await outbox.commit(session)
        return done

    async def _taken(self, outbox: OutboxedEventRepository, by: str) -> list[uuid.UUID]:
        if by == "relay":
            return [each.envelope.message_id for each in await outbox.queue().take(range(PARTITIONS), 10)]
        return [each.envelope.message_id for each in await outbox.get_many() if each.envelope is not None]
