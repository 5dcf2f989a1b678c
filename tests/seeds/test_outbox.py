from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import create_async_engine

import cqrs
from cqrs.events.registry import EventRegistry
from cqrs.message_brokers.memory import MemoryMessageBroker
from cqrs.outbox.sqlalchemy import outbox_model

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


async def test_000_05_the_loop_sends_what_is_in_the_outbox(run: Run) -> None:
    program = await run("000_05_outbox_to_broker")
    cqrs.OutboxedEventMap.register("user_joined", cqrs.NotificationEvent)
    outbox = program.outbox_repository
    async with outbox as session:
        outbox.add(session, cqrs.NotificationEvent(event_name="user_joined", payload=1))
        await outbox.commit(session)
    await _sent_by(program.producer, program.publish_loop(), 1)
    assert await outbox.get_many() == []


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


@pytest.mark.parametrize("name", ["001_15_outbox_producer", "002_08_outbox_producer"])
async def test_the_loop_of_the_document_sends_from_mariadb(
    run: Run, name: str, mariadb_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_OF_THE_TEST", mariadb_url)
    program = await run(name)
    cqrs.OutboxedEventMap.register("user_joined", cqrs.NotificationEvent)
    engine = create_async_engine(mariadb_url)
    await create(engine)
    await engine.dispose()
    outbox = program.producer.repository
    async with outbox as session:
        for number in range(3):
            outbox.add(session, cqrs.NotificationEvent(event_name="user_joined", payload=number))
        await outbox.commit(session)
    loop = getattr(program, "periodically_task", None) or (lambda: _periodically(program.producer))
    broker = await _sent_by(program.producer, loop(), 3)
    assert [message.to_envelope().json()["payload"] for message in broker.sent] == [0, 1, 2]
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


async def _sent_by(producer: cqrs.EventProducer, loop: Any, count: int) -> MemoryMessageBroker:
    """Run the endless loop of a program until so many messages were sent and settled; no Kafka is at its address."""
    producer.message_broker = broker = MemoryMessageBroker()
    commit, settled = producer.repository.commit, asyncio.Event()

    async def watched(*arguments: Any) -> None:
        await commit(*arguments)
        if len(broker.sent) >= count:
            settled.set()

    producer.repository.commit = watched  # type: ignore[method-assign]
    task = asyncio.create_task(loop)
    await settled.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return broker
