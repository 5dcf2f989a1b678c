"""NATS JetStream: the suite of every broker, and what is its own."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import nats
import pytest

from cqrs.adapters.nats_stream import NatsStream
from cqrs.errors import BrokerUnavailable, MessageRejected
from cqrs.message_brokers.nats import NatsMessageBroker
from cqrs.message_brokers.nats_source import NatsMessageSource
from cqrs.testing.conformance.message_broker import MessageSourceConformance, an_envelope, received

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from nats.js import JetStreamContext


def a_name(what: str) -> str:
    return f"{what}-{uuid.uuid4().hex[:12]}"


def a_stream(topic: str) -> NatsStream:
    return NatsStream(name=topic, subjects=(topic,))


class NatsBackend:
    features = NatsMessageBroker.features

    def __init__(self, url: str, **options: int) -> None:
        self._url = url
        self._options = options

    def broker(self) -> NatsMessageBroker:
        return NatsMessageBroker(self._url)

    def source(self, topic: str, group: str) -> NatsMessageSource:
        return NatsMessageSource(self._url, topic, group=group, **self._options)

    async def prepare(self, topic: str, groups: list[str]) -> None:
        async with NatsMessageBroker(self._url, stream=a_stream(topic)):
            pass


class TestNatsBroker(MessageSourceConformance):
    @pytest.fixture(params=[{}, {"max_ack_pending": 1}], ids=["as it is", "one by one"])
    def backend(self, nats_url: str, request: pytest.FixtureRequest) -> NatsBackend:
        return NatsBackend(nats_url, **request.param)


@pytest.fixture
async def jetstream(nats_url: str) -> AsyncGenerator[JetStreamContext, None]:
    """The driver, to see what is on the server."""
    client = await nats.connect(nats_url)
    yield client.jetstream()
    await client.close()


async def test_a_stream_is_made_once_and_not_changed(nats_url: str, jetstream: JetStreamContext) -> None:
    topic = a_name("t")
    async with NatsMessageBroker(nats_url, stream=NatsStream(name=topic, subjects=(topic,), duplicate_window=7)):
        pass
    async with NatsMessageBroker(nats_url, stream=NatsStream(name=topic, subjects=("other",))):
        pass
    config = (await jetstream.stream_info(topic)).config
    assert (config.subjects, config.duplicate_window) == ([topic], 7)


async def test_a_message_that_no_stream_takes_is_rejected(nats_url: str) -> None:
    async with NatsMessageBroker(nats_url) as broker:
        first, second = await broker.send([an_envelope(a_name("nowhere"), n, key="k") for n in range(2)])
    assert isinstance(first, MessageRejected)
    assert second is first  # it was not sent


async def test_a_message_that_goes_to_another_stream_than_expected_is_rejected(nats_url: str) -> None:
    topic = a_name("t")
    async with NatsMessageBroker(nats_url, stream=a_stream(topic)):
        pass
    async with NatsMessageBroker(nats_url, stream="another") as broker:
        (error,) = await broker.send([an_envelope(topic)])
    assert isinstance(error, MessageRejected)


@pytest.mark.parametrize(
    "fields",
    [{"body": b"x" * 2_000_000}, {"headers": {"note": "two\nlines"}}, {"headers": {"no:te": "x"}}],
    ids=["too large", "a line break", "a bad name"],
)
async def test_what_nats_cannot_carry_is_rejected_and_others_are_not(nats_url: str, fields: dict[str, object]) -> None:
    topic = a_name("t")
    async with NatsMessageBroker(nats_url, stream=a_stream(topic)) as broker:
        bad, good = await broker.send([an_envelope(topic, **fields), an_envelope(topic)])
    assert isinstance(bad, MessageRejected)
    assert good is None


async def test_a_full_stream_is_an_outage_and_holds_back_the_rest_of_the_key(
    nats_url: str, jetstream: JetStreamContext
) -> None:
    topic = a_name("t")
    await jetstream.add_stream(name=topic, subjects=[topic], max_msgs=2, discard="new")
    async with NatsMessageBroker(nats_url) as broker:
        results = await broker.send([an_envelope(topic, n, key="k") for n in range(4)])
    assert results[:2] == [None, None]
    assert all(isinstance(error, BrokerUnavailable) for error in results[2:])
    assert (await jetstream.stream_info(topic)).state.messages == 2


async def test_one_member_receives_several_topics(nats_url: str) -> None:
    topics = [a_name("t"), a_name("t.with.parts")]
    stream = NatsStream(name=a_name("s"), subjects=tuple(topics))
    source = NatsMessageSource(nats_url, *topics, stream=stream)
    async with source, NatsMessageBroker(nats_url, stream=stream) as broker:
        await broker.send([an_envelope(topic, n) for n in range(10) for topic in topics])
        got = await received(source, 20)
    assert {d.envelope.topic for d in got} == set(topics)


async def test_deliveries_are_counted(nats_url: str) -> None:
    topic = a_name("t")
    source = NatsMessageSource(nats_url, topic, stream=a_stream(topic))
    async with source, NatsMessageBroker(nats_url) as broker:
        await broker.send([an_envelope(topic)])
        for attempt in (1, 2, 3):
            (delivery,) = await received(source, 1, ack=False)
            assert delivery.attempt == attempt
            await delivery.nack(0.01)


async def test_a_source_without_a_stream_says_that_one_is_needed(nats_url: str) -> None:
    with pytest.raises(BrokerUnavailable, match="no stream takes the subject"):
        await NatsMessageSource(nats_url, a_name("t")).start()


async def test_a_consumer_that_is_deleted_is_noticed_and_made_again(nats_url: str, jetstream: JetStreamContext) -> None:
    topic = a_name("t")
    source = NatsMessageSource(nats_url, topic, stream=a_stream(topic))
    async with source, NatsMessageBroker(nats_url) as broker:
        await jetstream.delete_consumer(topic, f"default-{topic}")
        with pytest.raises(BrokerUnavailable, match="deleted"):
            while True:  # the time limit of the test is the only one
                await source.receive(timeout=0.2)
        await broker.send([an_envelope(topic)])
        assert len(await received(source, 1)) == 1


async def test_what_cannot_be_read_stays_and_holds_nothing_up(
    nats_url: str, jetstream: JetStreamContext, caplog: pytest.LogCaptureFixture
) -> None:
    topic = a_name("t")
    source = NatsMessageSource(nats_url, topic, stream=a_stream(topic))
    async with source, NatsMessageBroker(nats_url) as broker:
        await jetstream.publish(topic, b"?")
        await broker.send([an_envelope(topic, 1)])
        assert [d.envelope.body for d in await received(source, 1)] == [b"1"]
        assert "message-id" in caplog.text
        while (await jetstream.consumer_info(topic, f"default-{topic}")).num_ack_pending != 1:
            pass  # the acknowledgement of the other is on its way


def test_everything_can_be_made_without_a_loop() -> None:
    NatsMessageBroker("nats://127.0.0.1:1", stream=NatsStream(name="s", subjects=("t",)))
    NatsMessageSource("nats://127.0.0.1:1", "t")


async def test_the_next_server_is_tried(nats_url: str) -> None:
    topic = a_name("t")
    async with NatsMessageBroker(["nats://127.0.0.1:1", nats_url], stream=a_stream(topic)) as broker:
        assert await broker.send([an_envelope(topic)]) == [None]


async def test_no_error_and_no_log_tells_the_password(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    broker = NatsMessageBroker("nats://user:s3cret@127.0.0.1:1", options={"token": "s3cret"})
    with pytest.raises(BrokerUnavailable) as raised:
        await broker.start()
    assert "s3cret" not in f"{raised.value!r} {broker!r} {caplog.text}"
    assert "127.0.0.1:1" in str(raised.value)
