"""The programs that name a Kafka on localhost, on a real one."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from faststream.kafka.message import KafkaMessage

import cqrs
from cqrs.adapters.kafka import kafka_producer_factory
from cqrs.message_brokers.kafka import KafkaMessageBroker, KafkaMessageSource
from cqrs.message_brokers.protocol import Message, message_of
from cqrs.testing.conformance.message_broker import received
from tests.seeds.stand_ins import watch

if TYPE_CHECKING:
    from cqrs.message_brokers.source import Delivery
    from tests.seeds.program import Run

# FastStream 0.6 still takes the parameter, and warns that it will not.
pytestmark = [
    pytest.mark.usefixtures("kafka_at_localhost"),
    pytest.mark.filterwarnings("ignore:.auto_commit. option was deprecated"),
    pytest.mark.filterwarnings("ignore:AckPolicy.REJECT_ON_ERROR"),
]


async def first_of(topic: str, kafka_bootstrap: str) -> Delivery:
    async with KafkaMessageSource(kafka_bootstrap, topic, uuid.uuid4().hex) as source:
        (delivery,) = await received(source, 1)
    return delivery


async def test_000_10_notifications_of_handlers_reach_kafka(run: Run, kafka_bootstrap: str) -> None:
    program = await run("000_10_http_path_to_kafka")
    await program.mediator.send(program.PlaceOrder(order_id="o1"))
    await program.kafka_broker.close()
    envelope = (await first_of("orders", kafka_bootstrap)).envelope
    body = envelope.json()
    assert envelope.name == "order_placed"
    assert body["payload"] == {"order_id": "o1"}
    assert body["event_id"] == str(envelope.message_id)


@pytest.mark.parametrize(
    ("name", "topic"), [("001_13_kafka_broker", "test.topic1"), ("002_06_kafka_broker", "test.topic2")]
)
async def test_the_broker_sends_what_stands_for_the_dots(
    run: Run, name: str, topic: str, kafka_bootstrap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = KafkaMessageBroker.send_message
    message = Message("hello", topic, {"world": "Ada"})

    async def fill_in(self: KafkaMessageBroker, given: Any) -> None:
        assert given is ...
        await send(self, message)

    monkeypatch.setattr(KafkaMessageBroker, "send_message", fill_in)
    program = await run(name)
    await program.broker.close()
    assert (await first_of(topic, kafka_bootstrap)).envelope == message.to_envelope()


async def test_000_09_the_consumer_of_the_user_understands_what_we_send(
    run: Run, kafka_bootstrap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = await run("000_09_faststream")
    handled = watch(program.OnUserCreated)
    acknowledged = asyncio.Event()
    ack = KafkaMessage.ack

    async def noting(message: Any) -> None:
        await ack(message)
        acknowledged.set()

    monkeypatch.setattr(KafkaMessage, "ack", noting)
    payload = program.UserCreatedPayload(user_id="ada")
    event = cqrs.NotificationEvent[program.UserCreatedPayload](
        event_name="user_created", topic="user_events", payload=payload
    )
    async with KafkaMessageBroker(kafka_producer_factory(dsn=kafka_bootstrap)) as broker, program.broker:
        await broker.send_message(message_of(event))  # makes the topic
        await program.broker.start()
        while not acknowledged.is_set():  # a new group receives what is sent once it has joined, whenever that is
            await broker.send_message(message_of(event))
            try:
                await asyncio.wait_for(acknowledged.wait(), 0.5)
            except TimeoutError:
                continue
    assert handled[0] == event
