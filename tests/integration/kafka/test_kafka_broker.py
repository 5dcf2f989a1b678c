from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from cqrs.errors import BrokerUnavailable, MessageRejected, UnfitMessage
from cqrs.message_brokers.kafka.broker import KafkaMessageBroker
from cqrs.message_brokers.kafka.producer import KafkaProducerAdapter, kafka_producer_factory
from cqrs.message_brokers.protocol import Message
from cqrs.testing.conformance.message_broker import an_envelope, received

if TYPE_CHECKING:
    from tests.integration.kafka.backend import KafkaBackend


async def numbers(backend: KafkaBackend, topic: str, count: int) -> list[int]:
    async with backend.source(topic, "reader") as source:
        got = [int(d.envelope.body.split()[0]) for d in await received(source, count)]
        assert list(await source.receive(timeout=0.3)) == []
    return got


async def test_other_clients_read_key_headers_and_body(backend: KafkaBackend, topic: str, kafka_bootstrap: str) -> None:
    message = Message("placed", topic, {"total": 7}, key="ü", headers={"traceparent": "00-ab"})
    async with backend.broker() as broker:
        await broker.send_message(message)
    async with AIOKafkaConsumer(topic, bootstrap_servers=kafka_bootstrap, auto_offset_reset="earliest") as consumer:
        record = await consumer.getone()
    assert (record.key, record.value) == ("ü".encode(), b'{"total":7}')
    assert dict(record.headers) == {
        "message-id": str(message.message_id).encode(),
        "message-name": b"placed",
        "message-version": b"1",
        "message-key": "ü".encode(),
        "content-type": b"application/json",
        "traceparent": b"00-ab",
    }


async def test_a_key_goes_to_the_partition_that_other_clients_choose(
    backend: KafkaBackend, kafka_bootstrap: str
) -> None:
    topic = f"t-{uuid.uuid4().hex[:12]}"
    await backend.create(topic, partitions=7)
    keys = [f"key-{n}" for n in range(20)]
    async with AIOKafkaProducer(bootstrap_servers=kafka_bootstrap) as producer:
        theirs = [(await producer.send_and_wait(topic, b"x", key=key.encode())).partition for key in keys]
    async with backend.broker() as broker:
        assert await broker.send([an_envelope(topic, key=key) for key in keys]) == [None] * 20
    ours: dict[str, int] = {}
    async with AIOKafkaConsumer(topic, bootstrap_servers=kafka_bootstrap, auto_offset_reset="earliest") as consumer:
        while len(ours) < 20:
            record = await consumer.getone()
            if record.headers:
                ours[record.key.decode()] = record.partition
    assert [ours[key] for key in keys] == theirs


async def test_a_message_that_is_too_large_holds_back_its_key_and_nothing_else(
    backend: KafkaBackend, topic: str
) -> None:
    sent = [
        an_envelope(topic, 0, key="big"),
        an_envelope(topic, key="big", body=b"1 " + b"x" * 2_000_000),
        an_envelope(topic, 2, key="small"),
        an_envelope(topic, 3, key="big"),
    ]
    async with backend.broker() as broker:
        before, too_large, other, after = await broker.send(sent)
    assert (before, other) == (None, None)
    assert isinstance(too_large, MessageRejected)
    assert isinstance(after, MessageRejected)
    assert too_large.message_id == sent[1].message_id
    assert await numbers(backend, topic, 2) == [0, 2]


async def test_of_a_batch_that_the_cluster_rejects_only_the_culprit_and_its_key_stay_behind(
    backend: KafkaBackend,
) -> None:
    topic = f"t-{uuid.uuid4().hex[:12]}"
    await backend.create(topic, max_message_bytes="2000")
    sent = [an_envelope(topic, n, key=f"k{n % 3}") for n in range(30)]
    sent[10] = an_envelope(topic, key="k1", body=b"10 " + b"x" * 5000)
    async with backend.broker() as broker:
        errors = await broker.send(sent)
        assert [n for n, error in enumerate(errors) if error] == [10, 13, 16, 19, 22, 25, 28]
        assert {type(error) for error in errors if error} == {MessageRejected}
        # What comes later is not out of sequence for the cluster.
        assert await broker.send([an_envelope(topic, n, key="k1") for n in (30, 31)]) == [None, None]
    rejected = {10, 13, 16, 19, 22, 25, 28}
    got = await numbers(backend, topic, 25)
    for remainder in range(3):
        of_key = [n for n in got if (n % 3 if n < 30 else 1) == remainder]
        expected = [n for n in range(remainder, 30, 3) if n not in rejected]
        assert of_key == ([*expected, 30, 31] if remainder == 1 else expected)


@pytest.mark.parametrize("topic", ["no topic", "", "..", "x" * 250])
async def test_an_illegal_topic_is_rejected_at_once(backend: KafkaBackend, topic: str) -> None:
    async with backend.broker() as broker:
        with pytest.raises(MessageRejected if topic else UnfitMessage):
            await broker.send_message(Message("placed", topic, {}))


async def test_a_message_that_cannot_be_encoded_is_rejected(backend: KafkaBackend, topic: str) -> None:
    async with backend.broker() as broker:
        with pytest.raises(MessageRejected, match="serialize"):
            await broker.send_message(Message("placed", topic, object()))
        with pytest.raises(UnfitMessage):
            await broker.send_message(Message("placed", topic, {}, headers={"count": 1}))  # type: ignore[dict-item]


async def test_a_serializer_of_the_producer_makes_the_body(backend: KafkaBackend, topic: str) -> None:
    async with backend.broker(value_serializer=lambda payload: repr(payload).encode()) as broker:
        await broker.send_message(Message("placed", topic, (1, 2)))
    async with backend.source(topic, "one") as source:
        assert (await received(source, 1))[0].envelope.body == b"(1, 2)"


def test_a_producer_that_is_made_outside_of_a_loop_works_in_one_after_the_other(
    backend: KafkaBackend, kafka_bootstrap: str
) -> None:
    topic = f"t-{uuid.uuid4().hex[:12]}"
    producer = KafkaProducerAdapter(bootstrap_servers=[kafka_bootstrap])
    broker = KafkaMessageBroker(producer)

    async def send(number: int) -> None:
        await broker.send_message(an_envelope_as_message(topic, number))
        await broker.close()

    for number in range(2):
        asyncio.run(send(number))
    assert asyncio.run(numbers(backend, topic, 2)) == [0, 1]


def an_envelope_as_message(topic: str, number: int) -> Message:
    return Message("numbered", topic, str(number).encode())


async def test_the_producer_alone_sends_values_as_json(kafka_bootstrap: str, backend: KafkaBackend, topic: str) -> None:
    producer = kafka_producer_factory(dsn=kafka_bootstrap, topics=[topic])
    await producer.produce(topic, {"total": 7}, key="k", headers={"note": "x"})
    await producer.close()
    async with backend.source(topic, "one") as source:
        (delivery,) = await received(source, 1)
    assert (delivery.envelope.json(), delivery.envelope.key) == ({"total": 7}, "k")
    assert delivery.envelope.headers == {"note": "x"}


async def test_closing_sends_what_is_waiting(backend: KafkaBackend, topic: str) -> None:
    broker = backend.broker()
    await broker.start()
    sending = [asyncio.create_task(broker.send([an_envelope(topic, n)])) for n in range(50)]
    await asyncio.sleep(0)
    await broker.close()
    assert await asyncio.gather(*sending) == [[None]] * 50
    await broker.close()  # a task that came late may have connected again
    assert sorted(await numbers(backend, topic, 50)) == list(range(50))


async def test_a_server_that_is_not_there_is_an_outage() -> None:
    broker = KafkaMessageBroker(kafka_producer_factory("127.0.0.1:1", retry_count=1, retry_delay=0))
    with pytest.raises(BrokerUnavailable):
        await broker.start()
    first, second = await broker.send([an_envelope("t"), an_envelope("t")])
    assert isinstance(first, BrokerUnavailable)
    assert isinstance(second, BrokerUnavailable)
    await broker.close()
