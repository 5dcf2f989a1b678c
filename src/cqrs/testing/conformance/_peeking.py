"""The part of the outbox suite for ``peek``, which shows messages without claiming them."""
# ruff: noqa: S101 - assert is how a suite checks

from __future__ import annotations

import asyncio
import contextvars
import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from cqrs.compressors.zlib import ZlibCompressor
from cqrs.errors.root import InvalidArgument
from cqrs.outbox.event import EventStatus
from cqrs.outbox.peeked import MessageState
from cqrs.outbox.queue import Failure, Outcome
from cqrs.outbox.rows import PARTITIONS
from cqrs.testing.conformance._errors import Deliberate
from cqrs.testing.conformance._outbox_stand import HOUR, ReversingCompressor, numbered, numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqrs.events.registry import EventRegistry
    from cqrs.outbox.peeked import PeekedMessage
    from cqrs.outbox.repository import OutboxedEventRepository
    from cqrs.testing.conformance._outbox_stand import OutboxBackend

EVERY = range(PARTITIONS)


def shown(messages: Sequence[PeekedMessage]) -> list[tuple[int, MessageState]]:
    """The number and the state of each message."""
    return [(message.envelope.json()["payload"], message.state) for message in messages]


class Peeking:
    """Tests of ``peek``; the suite that inherits them has the fixtures."""

    async def test_peek_shows_the_state_of_each_message(self, outbox: OutboxedEventRepository) -> None:
        states = MessageState
        async with outbox as session:
            for number, key in enumerate(["parked", "parked", "held", "held", None, "retried"]):
                outbox.add(session, numbered(number, f"topic {number}"), key=key, headers={"a": "b"})
            outbox.add(session, numbered(6), delay=HOUR)
            await outbox.commit(session)
        queue = outbox.queue()
        fences = (await queue.leases.keep(queue.scope, "me", count=PARTITIONS, ttl=60)).fences
        taken = {message.envelope.json()["payload"]: message for message in await queue.take(EVERY, 10)}
        await queue.settle(fences, Outcome(sent=[taken[4]], failed=[Failure(taken[0], "too strange", None)]))
        await queue.settle(fences, Outcome(failed=[Failure(taken[5], "not now", 600.0)], blocked=[taken[1]]))
        assert numbers(await outbox.get_many(topic="topic 2")) == [2]
        found = await outbox.peek()
        assert shown(found) == [
            (0, states.PARKED),
            (1, states.BEHIND),
            (2, states.HELD),
            (3, states.BEHIND),
            (5, states.HELD),
            (6, states.SCHEDULED),
        ]
        assert [(message.attempts, message.error) for message in found[::4]] == [(1, "too strange"), (1, "not now")]
        assert found[0].envelope == dataclasses.replace(taken[0].envelope, body=found[0].envelope.body)
        assert [message.held_until is not None for message in found] == [False, False, True, False, True, False]
        now = dt.datetime.now(dt.UTC)
        assert found[2].held_until is not None
        assert abs(found[2].held_until - now) < HOUR
        assert found[5].due_at is not None
        assert abs(found[5].due_at - found[5].added_at - HOUR) < dt.timedelta(seconds=1)
        assert shown(await outbox.peek(state=states.SENT)) == [(4, states.SENT)]

    async def test_peek_filters_and_pages(self, outbox: OutboxedEventRepository) -> None:
        async with outbox as session:
            for number in range(6):
                outbox.add(session, numbered(number, f"topic {number % 2}"), key=f"k{number % 3}" + " " * (number % 2))
            await outbox.commit(session)
        first = await outbox.peek(2)
        rest = await outbox.peek(after=first[-1].id)
        assert [number for number, _ in shown([*first, *rest])] == [0, 1, 2, 3, 4, 5]
        assert [number for number, _ in shown(await outbox.peek(topic="topic 1", limit=2))] == [1, 3]
        assert [number for number, _ in shown(await outbox.peek(key="k0"))] == [0]
        assert [number for number, _ in shown(await outbox.peek(key="k0", state="waiting", topic="topic 1"))] == []
        assert await outbox.peek(state="parked") == await outbox.peek(topic="nowhere") == []
        wrong: Any
        for wrong in ({"limit": 0}, {"limit": "many"}, {"after": "1"}, {"state": "lost"}, {"key": 7}, {"topic": b"t"}):
            with pytest.raises(InvalidArgument, match=next(iter(wrong))):
                await outbox.peek(**wrong)

    async def test_peek_claims_no_message_and_shows_only_committed_ones(self, outbox: OutboxedEventRepository) -> None:
        async with outbox as session:
            outbox.add(session, numbered(1), key="k")
            await outbox.commit(session)
        assert await outbox.peek() == await outbox.peek()
        async with outbox as session:
            outbox.add(session, numbered(2), key="k")
            if hasattr(session, "flush"):
                await session.flush()
            peeking = asyncio.create_task(outbox.peek(), context=contextvars.Context())
            assert [number for number, _ in shown(await peeking)] == [1]
            await outbox.commit(session)
        assert [(m.id, m.blocked) for m in await outbox.queue().take(EVERY, 9)] == [
            (message.id, False) for message in await outbox.peek()
        ]
        assert numbers(await outbox.get_many()) == [1, 2]

    async def test_peek_shows_bodies_as_they_are_sent(
        self, backend: OutboxBackend, registry: EventRegistry, outbox: OutboxedEventRepository
    ) -> None:
        for compressor in (ZlibCompressor(), ReversingCompressor()):
            filled = backend.repository(compressor, registry=registry)
            async with filled as session:
                filled.add(session, numbered(1))
                await filled.commit(session)
        plain, strange = await outbox.peek()
        assert (plain.envelope.json()["payload"], plain.envelope.content_encoding) == (1, None)
        assert strange.envelope.content_encoding == "backwards"
        assert strange.envelope.body[::-1].startswith(b"{")

    async def test_messages_blocked_by_a_held_one_are_released_when_it_is_settled(
        self, outbox: OutboxedEventRepository
    ) -> None:
        queue = outbox.queue()
        fences = (await queue.leases.keep(queue.scope, "me", count=PARTITIONS, ttl=60)).fences
        async with outbox as session:
            for number in range(4):
                outbox.add(session, numbered(number, f"topic {number}"), key=f"k{number % 2}")
            await outbox.commit(session)
        held = [*await outbox.get_many(topic="topic 0"), *await outbox.get_many(topic="topic 1")]
        behind = await queue.take(EVERY, 9)
        assert await queue.settle(fences, Outcome(blocked=behind)) == len(behind) == len(held)
        await outbox.update_status(held[0].id, EventStatus.PRODUCED)
        await outbox.reject(held[1].id, Deliberate("no"))
        await outbox.commit()
        assert sorted(m.envelope.json()["payload"] for m in await queue.take(EVERY, 9) if not m.blocked) == [1, 2, 3]
