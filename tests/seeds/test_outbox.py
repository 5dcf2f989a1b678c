from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import create_async_engine

import cqrs
from cqrs.events.registry import EventRegistry
from cqrs.message_brokers.kafka import KafkaMessageSource
from cqrs.outbox.sqlalchemy import outbox_model
from cqrs.testing.conformance.message_broker import received

if TYPE_CHECKING:
    from pathlib import Path

    from tests.seeds.program import Run


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """The programs register their events in the registry of the process."""
    monkeypatch.setattr(cqrs.OutboxedEventMap, "registry", EventRegistry())


@pytest.fixture
def sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_OF_THE_TEST", f"sqlite+aiosqlite:///{tmp_path}/test.db")


async def create(engine: Any, *metadata: Any) -> None:
    async with engine.begin() as connection:
        for one in (*metadata, outbox_model().metadata):
            await connection.run_sync(one.create_all)


async def messages_of(outbox: Any) -> list[tuple[str, str, Any]]:
    return [(e.topic, e.event.event_name, e.envelope.json()["payload"]) for e in await outbox.get_many()]


async def rooms(program: Any) -> int:
    async with program.session_factory() as session:
        return await session.scalar(select(func.count()).select_from(program.Room))


async def test_000_04_a_registered_event_is_accepted_and_another_is_not(run: Run) -> None:
    program = await run("000_04_outboxed_event_map")
    event_type = cqrs.OutboxedEventMap.get("user_joined")
    assert event_type is cqrs.NotificationEvent[program.UserJoinedPayload]
    outbox = cqrs.outbox.MemoryOutboxedEventRepository()
    payload = program.UserJoinedPayload(user_id="ada", meeting_id="m1")
    async with outbox as session:
        outbox.add(session, event_type(event_name="user_joined", payload=payload))
        with pytest.raises(cqrs.errors.OutboxedEventMismatch):
            outbox.add(session, cqrs.NotificationEvent[int](event_name="user_joined", payload=1))
        with pytest.raises(cqrs.errors.UnknownEvent):
            outbox.add(session, event_type(event_name="user_left", payload=payload))
        await outbox.commit(session)
    assert [event.event.payload for event in await outbox.get_many()] == [payload]


@pytest.mark.usefixtures("kafka_at_localhost")
async def test_000_05_the_loop_sends_what_is_in_the_outbox_to_kafka(run: Run, kafka_bootstrap: str) -> None:
    program = await run("000_05_outbox_to_broker")
    topic = await fill(program.outbox_repository, 1)
    assert await arrived(program, program.publish_loop(), topic, kafka_bootstrap, 1) == [0]
    assert await program.outbox_repository.get_many() == []


@pytest.mark.usefixtures("sqlite")
async def test_001_14_both_events_wait_in_the_transaction_of_the_data(run: Run) -> None:
    program = await run("001_14_outbox")
    await create(program.engine, program.Base.metadata)
    await program.mediator.send(program.JoinMeetingCommand(user_id="ada", meeting_id=7))
    payload = {"user_id": "ada", "meeting_id": 7}
    assert await messages_of(program.outbox) == [
        ("user_notification_events", "UserJoined", payload),
        ("user_ecst_events", "UserJoined", payload),
    ]
    assert await rooms(program) == 1
    await program.engine.dispose()


@pytest.mark.usefixtures("kafka_at_localhost")
@pytest.mark.parametrize("name", ["001_15_outbox_producer", "002_08_outbox_producer"])
async def test_the_loop_of_the_document_sends_from_mariadb_to_kafka(
    run: Run, name: str, mariadb_url: str, kafka_bootstrap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_OF_THE_TEST", mariadb_url)
    program = await run(name)
    engine = create_async_engine(mariadb_url)
    await create(engine)
    await engine.dispose()
    outbox = program.producer.repository
    topic = await fill(outbox, 3)
    loop = getattr(program, "periodically_task", None) or (lambda: _periodically(program.producer))
    assert await arrived(program, loop(), topic, kafka_bootstrap, 3) == [0, 1, 2]
    assert await outbox.get_many() == []
    await program.session_factory.kw["bind"].dispose()


@pytest.mark.usefixtures("sqlite")
async def test_002_07_the_event_waits_in_the_transaction_of_the_data(run: Run) -> None:
    program = await run("002_07_outbox")
    await create(program.engine, program.Base.metadata)
    await program.mediator.send(program.CloseMeetingRoomCommand(meeting_room_id=7))
    assert await messages_of(program.outbox) == [("output_topic", "MeetingRoomClosed", {"message": "foo"})]
    assert await rooms(program) == 1
    await program.engine.dispose()


async def _periodically(producer: cqrs.EventProducer) -> None:
    """The document leaves its loop out; this is the one of document 001."""
    async for messages in producer.event_batch_generator():
        for message in messages:
            await producer.send_message(message)
        await producer.repository.commit()


async def fill(outbox: Any, count: int) -> str:
    """Put so many messages into the outbox, for a topic of their own."""
    cqrs.OutboxedEventMap.register("user_joined", cqrs.NotificationEvent)
    topic = f"joined-{uuid.uuid4().hex}"
    async with outbox as session:
        for number in range(count):
            outbox.add(session, cqrs.NotificationEvent(event_name="user_joined", topic=topic, payload=number), key="k")
        await outbox.commit(session)
    return topic


async def arrived(program: Any, loop: Any, topic: str, kafka_bootstrap: str, count: int) -> list[int]:
    """Run the endless loop of a program until so many messages are in Kafka and settled; what they are."""
    repository = program.producer.repository
    commit, settled = repository.commit, asyncio.Event()

    async def watched(*arguments: Any) -> None:
        await commit(*arguments)
        settled.set()

    repository.commit = watched
    task = asyncio.create_task(loop)
    async with asyncio.timeout(60):
        await settled.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await program.broker.close()
    async with KafkaMessageSource(kafka_bootstrap, topic, uuid.uuid4().hex) as source:
        return [delivery.envelope.json()["payload"] for delivery in await received(source, count)]
