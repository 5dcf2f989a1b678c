"""`Once` on real Kafka: subscribers of FastStream with one effect for each message."""

from __future__ import annotations

import types
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from faststream import FastStream
from faststream.exceptions import AckMessage
from faststream.kafka import KafkaBroker, KafkaMessage

import cqrs
from cqrs.context import context_headers, current_envelope
from cqrs.integrations.faststream import MANUAL_ACK, Once, Redelivery
from tests.integration.faststream.service import running
from tests.integration.inbox.backends import Database, effect, engine_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from tests.integration.faststream.topic import Topic


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(engine_of(f"sqlite+aiosqlite:///{tmp_path}/test.db"))
    await database.create()
    yield database
    await database.engine.dispose()


def service(topic: Topic, database: Database, work: Callable[[Any, KafkaMessage], Awaitable[Any]]) -> Any:
    once = Once(database.inbox(), database.unit_of_work, consumer="shipping")
    broker = KafkaBroker(topic.bootstrap, logger=None, middlewares=[Redelivery(pause=0), once])

    @broker.subscriber(topic.name, group_id=topic.group, auto_offset_reset="earliest", **MANUAL_ACK)  # type: ignore[untyped-decorator]
    async def on_message(body: dict[str, Any], msg: KafkaMessage) -> None:
        await work(body, msg)

    return types.SimpleNamespace(broker=broker, app=FastStream(broker))


def paid(order: int) -> dict[str, Any]:
    return {"event_name": "paid", "event_id": str(uuid.uuid4()), "payload": {"order": order}}


async def ship(body: Any, msg: KafkaMessage) -> None:
    await effect(str(body["payload"]["order"]))
    await msg.ack()


async def test_a_message_that_comes_twice_takes_effect_once(topic: Topic, database: Database) -> None:
    first, second = paid(1), paid(2)
    async with running(service(topic, database, ship)):
        for message in (first, first, second, first):
            await topic.send(message)
        await topic.until_acknowledged(4)
    assert await database.effects() == ["1", "2"]


async def test_a_failed_message_leaves_no_effect_and_is_delivered_again(topic: Topic, database: Database) -> None:
    failures = [OSError("before"), OSError("after")]

    async def work(body: Any, msg: KafkaMessage) -> None:
        await ship(body, msg)  # its ack has to wait
        if failures:
            raise failures.pop()

    async with running(service(topic, database, work)):
        for order in (1, 2):
            await topic.send(paid(order))
        await topic.until_acknowledged(2)
    assert failures == []
    assert await database.effects() == ["1", "2"]


async def test_a_subscriber_that_settles_with_an_exception_or_gives_back(topic: Topic, database: Database) -> None:
    tries: list[int] = []

    async def work(body: Any, msg: KafkaMessage) -> None:
        await effect(str(body["payload"]["order"]))
        tries.append(body["payload"]["order"])
        if tries.count(1) == 1 and tries[-1] == 1:
            await msg.nack()
            return
        raise AckMessage

    async with running(service(topic, database, work)):
        for order in (1, 2):
            await topic.send(paid(order))
        await topic.until_acknowledged(2)
    assert tries == [1, 1, 2]
    assert await database.effects() == ["1", "2"]


async def test_a_message_is_identified_by_its_headers_first(topic: Topic, database: Database) -> None:
    headers = {"message-id": str(uuid.uuid4()), "message-name": "paid"}
    async with running(service(topic, database, ship)):
        broker = KafkaBroker(topic.bootstrap, logger=None)
        async with broker:
            for order in (1, 2):
                await broker.publish(paid(order), topic.name, headers=headers, key=b"key")
        await topic.until_acknowledged(2)
    assert await database.effects() == ["1"]


async def test_a_message_without_an_id_is_handled_each_time(topic: Topic, database: Database) -> None:
    async with running(service(topic, database, _without_a_unit)):
        for _ in range(2):
            await topic.send({"payload": {"order": 1}})
        await topic.until_acknowledged(2)


async def _without_a_unit(body: Any, msg: KafkaMessage) -> None:
    assert cqrs.current_unit_of_work() is None
    await msg.ack()


async def test_messages_sent_by_a_subscriber_name_its_message_as_their_cause(topic: Topic, database: Database) -> None:
    event, seen = paid(1), list[Any]()

    async def work(body: Any, msg: KafkaMessage) -> None:
        seen.append((context_headers(), current_envelope()))
        await ship(body, msg)

    async with running(service(topic, database, work)):
        await topic.send(event)
        await topic.until_acknowledged(1)
    ((headers, envelope),) = seen
    assert headers == dict.fromkeys(("correlation-id", "causation-id"), event["event_id"])
    assert (envelope.name, str(envelope.message_id), envelope.topic) == ("paid", event["event_id"], topic.name)
