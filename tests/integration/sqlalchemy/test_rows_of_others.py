"""Rows that were stored before there were limits, or by others: each is parked or sent, and holds up no other."""

from __future__ import annotations

import json
import uuid
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert

from cqrs.envelope import Envelope
from cqrs.errors import UnreadableRow
from cqrs.message_brokers.memory.broker import MemoryMessageBroker
from cqrs.outbox.memory.repository import MemoryOutboxedEventRepository
from cqrs.outbox.rows import NewRow
from cqrs.outbox.sqlalchemy.model import outbox_model
from cqrs.producer import EventProducer
from cqrs.testing.conformance.message_broker import received
from cqrs.testing.conformance.relay import QUICK
from cqrs.workers.relay.outbox_relay import OutboxRelay
from tests.helpers.waiting import until
from tests.integration.inbox.test_consumer_brokers import BROKERS

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqrs.message_brokers.protocol import MessageBroker
    from cqrs.message_brokers.source import MessageSource
    from cqrs.outbox.repository import OutboxedEventRepository
    from cqrs.outbox.stored import StoredOutbox
    from tests.integration.sqlalchemy.backends import SqlBackend

PARKED = {
    "nothing": '{"x-tenant": null}',
    "flag": '{"x-tenant": true}',
    "float": '{"x-tenant": 1.5}',
    "surrogate": '{"x-tenant": "\\ud800"}',
    "said to be unreadable": '{"unreadable": "x-tenant"}',
}
NOT_AS_STORED = {"no JSON": "x-tenant: 1", "a list": '["x-tenant"]'}
AS_THE_BROKER_LIKES = {
    "newline": '{"x-tenant": "a\\nb"}',
    "NUL": '{"x-tenant": "a\\u0000b"}',
    "60,000 letters": json.dumps({"x-tenant": "a" * 60_000}),
}
DATABASES = ("memory", "sqlite", "postgres", "mariadb")


def _pairs() -> list[Any]:
    return [
        pytest.param(
            *(database, broker),
            marks=[pytest.mark.server] if database in DATABASES[2:] or broker != "memory" else [],
        )
        for database in DATABASES
        for broker in BROKERS
    ]


class Rows:
    """Writes rows past `add`."""

    def __init__(self, backend: SqlBackend | None, topic: str) -> None:
        self._backend = backend
        self.topic = topic
        self.outbox: StoredOutbox = MemoryOutboxedEventRepository() if backend is None else backend.repository()

    async def write(self, name: str, headers: str = "{}", key: str | None = None) -> None:
        if self._backend is None:
            assert isinstance(self.outbox, MemoryOutboxedEventRepository)
            envelope = Envelope(
                message_id=uuid.uuid4(), name=name, topic=self.topic, body=b"1", key=key, headers=json.loads(headers)
            )
            self.outbox.store.insert(NewRow(envelope=envelope, compression=None))
            return
        row = {
            "message_id": uuid.uuid4(),
            "event_name": name,
            "topic": self.topic,
            "message_key": key,
            "partition_no": 7,
            "content_type": "application/json",
            "headers": headers,
            "body": b"1",
        }
        async with self._backend.engine.begin() as connection:
            await connection.execute(insert(outbox_model("outbox")).values(row))


@pytest.fixture
def rows(store: str, request: pytest.FixtureRequest) -> Rows:
    topic = f"orders-{uuid.uuid4().hex[:12]}"
    return Rows(None if store == "memory" else request.getfixturevalue(f"{store}_backend"), topic)


@pytest.fixture
def wire(broker: str, rows: Rows, request: pytest.FixtureRequest) -> tuple[MessageBroker, Callable[[], MessageSource]]:
    make, fixture = BROKERS[broker]
    made: tuple[MessageBroker, Callable[[], MessageSource]] = make(
        "" if fixture is None else request.getfixturevalue(fixture), rows.topic
    )
    return made


@pytest.mark.parametrize(("store", "broker"), _pairs())
async def test_a_row_that_cannot_be_sent_is_parked_with_the_reason_and_the_others_leave(
    store: str, rows: Rows, wire: tuple[MessageBroker, Callable[[], MessageSource]]
) -> None:
    parked = {**PARKED, **({} if store == "memory" else NOT_AS_STORED)}
    await rows.write("good", key="first")
    for name, headers in parked.items():
        await rows.write(name, headers, key=name)
        await rows.write("behind", key=name)
    for name, headers in AS_THE_BROKER_LIKES.items():
        await rows.write(name, headers)
    if store in {"memory", "sqlite"}:  # no other database takes it
        await rows.write("a long key", key="k" * 300)
    if store != "postgres":  # which takes none
        await rows.write("NUL in the key", key="a\0b")
    await rows.write("good", key="last")
    to, source_of = wire
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(to)
        source = await stack.enter_async_context(source_of())
        await stack.enter_async_context(OutboxRelay(rows.outbox, to, QUICK))
        await until(lambda: _is_settled(rows.outbox))
        found = {message.envelope.name: message for message in await rows.outbox.parked.list()}
        assert found.keys() >= parked.keys()
        assert found.keys() <= parked.keys() | AS_THE_BROKER_LIKES.keys() | {"a long key", "NUL in the key"}
        for name in parked:
            assert found[name].behind == 1
            assert "x-tenant" in found[name].error or name in NOT_AS_STORED
        sent = await rows.outbox.peek(state="sent")
        arrived = await received(source, len(sent))
    assert [one.envelope.name for one in arrived].count("good") == 2
    assert {one.envelope.message_id for one in arrived} == {one.envelope.message_id for one in sent}


async def _is_settled(outbox: OutboxedEventRepository) -> bool:
    states = {message.state for message in await outbox.peek(1000)}
    return states <= {"parked", "behind"} and not await _is_ahead(outbox)


async def _is_ahead(outbox: OutboxedEventRepository) -> bool:
    """Whether a message behind a parked one is not marked as blocked yet."""
    return any(message.behind == 0 and message.envelope.key in PARKED for message in await outbox.parked.list())


@pytest.mark.parametrize(
    "store", [*DATABASES[:2], *(pytest.param(name, marks=pytest.mark.server) for name in DATABASES[2:])]
)
async def test_a_plain_loop_is_not_held_up_by_a_row_that_cannot_be_read(store: str, rows: Rows) -> None:
    broker = MemoryMessageBroker()
    bad = PARKED["said to be unreadable"] if store == "memory" else NOT_AS_STORED["no JSON"]
    await rows.write("bad", bad, key="k")
    await rows.write("behind", key="k")
    await rows.write("good")
    producer = EventProducer(broker, rows.outbox, poll_interval=0)
    batches = producer.event_batch_generator()
    events = await anext(batches)
    with pytest.raises(UnreadableRow):
        _ = events[0].envelope
    assert [await producer.send_message(event) for event in events] == [False, False, True]
    await rows.outbox.commit()
    await batches.aclose()
    assert [message.to_envelope().name for message in broker.sent] == ["good"]
    (first, *_) = await rows.outbox.peek()
    assert first.attempts == 1
    assert first.error.startswith("UnreadableRow: ")
