"""A consumer is given rubbish: every message is handled or parked, and none holds up another."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cqrs
from cqrs.envelope import Envelope
from cqrs.events.bootstrap import bootstrap
from cqrs.events.registry import EventRegistry
from cqrs.workers.consumer.consumer import Consumer, ConsumerPolicy
from tests.fuzz.arriving import Arriving
from tests.fuzz.rubbish import EXAMPLES, envelopes, fuzzed
from tests.helpers.databases import KINDS
from tests.helpers.waiting import AT_ONCE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.slow

_LONGEST = 30.0  # seconds for a handful of messages; a consumer that is held up would take for ever


class Ordered(cqrs.NotificationEvent[int]):
    """What arrives."""

    event_name: str = "ordered"


def good(number: int) -> Envelope:
    event = Ordered(payload=number)
    return Envelope(message_id=event.event_id, name="ordered", topic="orders", body=json.dumps({"payload": 7}).encode())


@pytest.fixture(params=["memory", *KINDS])
def address(request: pytest.FixtureRequest) -> str | None:
    return None if request.param == "memory" else str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
async def database(address: str | None) -> AsyncIterator[Any]:
    registry = EventRegistry()
    registry.register(Ordered, "ordered")
    if address is None:
        yield cqrs.MemoryDatabase(registry=registry)
        return
    async with cqrs.Database(address, registry=registry) as db:
        await db.upgrade()
        yield db


@pytest.mark.timeout(1200)  # when there are thousands of examples
@settings(fuzzed, max_examples=max(20, EXAMPLES // 5))
@given(batch=st.lists(envelopes(), min_size=3, max_size=8))
async def test_each_message_of_a_batch_of_rubbish_is_handled_or_parked(database: Any, batch: list[Envelope]) -> None:
    handled: list[uuid.UUID] = []

    async def handle(event: Ordered) -> None:
        handled.append(event.event_id)

    source = Arriving()
    sent = [*batch, good(1)]
    source.put(sent)
    mediator = bootstrap(events_mapper=lambda m: m.bind(Ordered, handle), database=database)
    policy = ConsumerPolicy(
        receive_timeout=0.01, attempt_backoff=AT_ONCE, outage_backoff=AT_ONCE, parked_retries=0, cleanup_every=3600
    )
    name = uuid.uuid4().hex
    async with asyncio.timeout(_LONGEST), Consumer(source, mediator, name=name, database=database, policy=policy):
        await source.all_done(len(sent))
    parked = await database.inbox.parked.list(name, limit=100)
    waiting = sum(1 + one.behind for one in parked)
    assert len(handled) + waiting == len(sent)
    for one in parked:
        original = next(e for e in sent if e.message_id == one.envelope.message_id)
        assert (one.envelope.body, one.envelope.key) == (original.body, original.key)
