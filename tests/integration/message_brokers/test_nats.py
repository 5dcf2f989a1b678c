"""NATS JetStream: the suite of every broker, and what is its own."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import uuid
from typing import TYPE_CHECKING, Any

import nats
import pytest

from cqrs.errors import BrokerUnavailable, MessageRejected
from cqrs.message_brokers.nats.broker import NatsMessageBroker
from cqrs.message_brokers.nats.source import NatsMessageSource
from cqrs.message_brokers.nats.stream import NatsStream
from cqrs.message_brokers.protocol import Message
from cqrs.testing.conformance.message_broker import MessageSourceConformance, an_envelope, received

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from nats.aio.msg import Msg
    from nats.js import JetStreamContext

    from cqrs.envelope import Envelope
    from tests.servers import Server


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


async def test_a_message_that_no_stream_takes_is_an_outage_of_its_topic(nats_url: str) -> None:
    async with NatsMessageBroker(nats_url) as broker:
        topic = a_name("nowhere")
        first, second = await broker.send([an_envelope(topic, n, key="k") for n in range(2)])
        with pytest.raises(BrokerUnavailable, match="make a stream for it"):
            await broker.send_message(Message("placed", topic, {}))
    assert isinstance(first, BrokerUnavailable)
    assert first.topic == topic
    assert second is first  # it was not sent


async def test_a_message_that_goes_to_another_stream_than_expected_is_an_outage_of_its_topic(nats_url: str) -> None:
    topic = a_name("t")
    async with NatsMessageBroker(nats_url, stream=a_stream(topic)):
        pass
    async with NatsMessageBroker(nats_url, stream="another") as broker:
        (error,) = await broker.send([an_envelope(topic)])
    assert isinstance(error, BrokerUnavailable)
    assert error.topic == topic
    assert "let the stream 'another' take it" in str(error)


@pytest.mark.parametrize(
    "fields",
    [
        {"body": b"x" * 2_000_000},
        {"headers": {f"h{n}": "x" * 1000 for n in range(1050)}},
        {"headers": {"note": "two\nlines"}},
        {"headers": {"no:te": "x"}},
        {"headers": {"": "x"}},
        {"headers": {"note ": "x"}},
        {"topic": "t" * 5000},
    ],
    ids=[
        "too large",
        "too large headers",
        "a line break",
        "a bad name",
        "no name",
        "a name with a space",
        "a long topic",
    ],
)
async def test_a_message_that_nats_cannot_carry_is_rejected_and_others_are_sent(
    nats_url: str, fields: dict[str, Any]
) -> None:
    topic = a_name("t")
    async with NatsMessageBroker(nats_url, stream=a_stream(topic)) as broker:
        bad, good = await broker.send([an_envelope(**{"topic": topic, **fields}), an_envelope(topic)])
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


async def test_a_source_without_a_stream_raises_that_one_is_needed(nats_url: str) -> None:
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


@pytest.mark.parametrize("max_ack_pending", [1, 1000])
async def test_messages_of_other_programs_arrive_and_hold_nothing_up(
    nats_url: str, jetstream: JetStreamContext, max_ack_pending: int
) -> None:
    topic = a_name("t")
    source = NatsMessageSource(nats_url, topic, stream=a_stream(topic), max_ack_pending=max_ack_pending)
    async with source, NatsMessageBroker(nats_url) as broker:
        await jetstream.publish(topic, b"\xff\x00")
        await jetstream.publish(topic, b"<a/>", headers={"Content-Type": "text/xml", "Nats-Msg-Id": "7", "from": "us"})
        await jetstream.publish(topic, b"{}", headers={"message-name": "paid", "message-id": "order-7"})
        await jetstream.publish(topic, b"{}", headers={"message-name": "paid", "Nats-Msg-Id": str(uuid.uuid4())})
        await broker.send([an_envelope(topic, 1)])
        bare, typed, unreadable, known, ours = [delivery.envelope for delivery in await received(source, 5)]
    async with NatsMessageSource(nats_url, topic, group="other") as other:
        assert (await received(other, 1))[0].envelope == bare
    assert (bare.name, bare.body, bare.headers) == (topic, b"\xff\x00", {})
    assert (typed.name, typed.content_type, typed.headers) == (topic, "text/xml", {"from": "us"})
    assert (unreadable.name, unreadable.body) == ("paid", b"{}")
    assert "UUID" in unreadable.headers["unreadable"]
    assert (known.name, known.headers, ours.body) == ("paid", {}, b"1")


async def test_a_message_that_ones_own_function_cannot_read_arrives_with_the_reason(
    nats_url: str, jetstream: JetStreamContext
) -> None:
    topic = a_name("t")

    def read(message: Msg) -> Envelope:
        if message.data == b"bad":
            raise LookupError("an unknown dialect")
        return an_envelope(topic, body=b"read")

    source = NatsMessageSource(nats_url, topic, stream=a_stream(topic), max_ack_pending=1, read=read)
    async with source:
        for body in (b"bad", b"known"):
            await jetstream.publish(topic, body)
        bad, known = [delivery.envelope for delivery in await received(source, 2)]
    assert (bad.body, bad.headers["unreadable"]) == (b"bad", "LookupError: an unknown dialect")
    assert known.body == b"read"


async def test_nothing_is_lost_if_a_custom_read_function_cannot_reach_its_server(
    nats_url: str, jetstream: JetStreamContext
) -> None:
    topic, away = a_name("t"), [True]

    def read(message: Msg) -> Envelope:
        if away and message.data == b"1":
            away.pop()
            raise ConnectionRefusedError("the registry of schemas")
        return an_envelope(topic, body=message.data)

    async with NatsMessageSource(nats_url, topic, stream=a_stream(topic), read=read) as source:
        for body in (b"0", b"1", b"2"):
            await jetstream.publish(topic, body)
        bodies: list[bytes] = []
        while len(bodies) < 3:
            with contextlib.suppress(ConnectionRefusedError):
                bodies += [d.envelope.body for d in await received(source, 3 - len(bodies))]
    assert (bodies, away) == ([b"0", b"1", b"2"], [])


@pytest.mark.parametrize("over", [0, 1])
@pytest.mark.parametrize("named", ["", "named"])
async def test_a_message_may_be_as_large_with_its_headers_as_the_server_says_and_no_larger(
    nats_url: str, jetstream: JetStreamContext, over: int, named: str
) -> None:
    topic = a_name("t")
    async with NatsMessageBroker(nats_url, stream=a_stream(topic)):
        pass
    envelope = an_envelope(topic, headers={"note": "naïve"})
    headers = {**envelope.to_headers(), "Nats-Msg-Id": str(envelope.message_id)}
    if named:
        headers["Nats-Expected-Stream"] = topic
    written = "NATS/1.0\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n"
    largest = 1024 * 1024 - len(written.encode())
    border = dataclasses.replace(envelope, body=b"x" * (largest + over))
    async with NatsMessageBroker(nats_url, stream=topic if named else None) as broker:
        results = await broker.send([an_envelope(topic, 1), border, *(an_envelope(topic, n) for n in (2, 3))])
    assert [isinstance(error, MessageRejected) for error in results] == [False, bool(over), False, False]
    assert (await jetstream.stream_info(topic)).state.messages == 4 - over


async def test_a_created_stream_is_logged(nats_url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    topic = a_name("t")
    for _ in range(2):
        async with NatsMessageSource(nats_url, topic, stream=a_stream(topic)):
            pass
    assert caplog.text.count(f"NATS has no stream '{topic}'; creating it for {topic}") == 1
    assert caplog.text.count(f"has no group 'default' for '{topic}'; creating it") == 1


async def test_unsettled_messages_of_a_living_member_go_to_no_other(nats_url: str) -> None:
    topic = a_name("t")
    first, second = (NatsMessageSource(nats_url, topic, stream=a_stream(topic), ack_wait=0.6) for _ in range(2))
    async with first, second, NatsMessageBroker(nats_url) as broker:
        await broker.send([an_envelope(topic, n) for n in range(3)])
        held = await received(first, 3, ack=False)
        assert list(await second.receive(timeout=1.5)) == []
        await first.ack(held[1:])
    async with second:
        (again,) = await received(second, 1)
    assert (int(again.envelope.body), again.attempt) == (0, 2)  # it was given back


async def test_messages_given_back_at_the_end_are_not_sent_to_the_source_that_ends(nats_url: str) -> None:
    topic = a_name("given")
    stream = a_stream(topic)
    async with NatsMessageBroker(nats_url, stream=stream) as broker:
        await broker.send([an_envelope(topic, number) for number in range(300)])
    async with NatsMessageSource(nats_url, topic, stream=stream) as source:
        while len(source._unacknowledged) < 300:
            await source.receive(1_000)  # a request for more than there is stays open for a second
    async with NatsMessageSource(nats_url, topic, stream=stream) as source:
        found: set[int] = set()
        async with asyncio.timeout(20):  # the server would deliver a message again by itself after 30 seconds
            while len(found) < 300:
                for delivery in await source.receive(1_000):
                    found.add(int(delivery.envelope.body))
                    await delivery.ack()


async def test_messages_kept_longer_than_allowed_go_to_another_member(nats_url: str) -> None:
    topic = a_name("t")
    options = {"stream": a_stream(topic), "ack_wait": 0.3, "max_hold": 0.3}
    first, second = (NatsMessageSource(nats_url, topic, **options) for _ in range(2))  # type: ignore[arg-type]
    async with first, second, NatsMessageBroker(nats_url) as broker:
        await broker.send([an_envelope(topic, 1)])
        await received(first, 1, ack=False)
        assert [d.attempt for d in await received(second, 1)] == [2]


async def test_of_a_batch_whether_a_stream_takes_a_subject_is_asked_once(nats_url: str) -> None:
    topic, asked = a_name("nowhere"), list[bytes]()
    client = await nats.connect(nats_url)

    async def listen(message: Msg) -> None:
        asked.append(message.data)

    await client.subscribe("$JS.API.STREAM.NAMES", cb=listen)
    await client.flush()
    async with NatsMessageBroker(nats_url) as broker:
        results = await broker.send([an_envelope(topic, n) for n in range(5)])
    await client.flush()
    await client.close()
    assert all(f"no stream takes the subject '{topic}'" in str(error) for error in results)
    assert len([request for request in asked if topic.encode() in request]) == 1


async def test_a_source_can_be_closed_after_its_server_has_gone(nats_server: Server) -> None:
    source = NatsMessageSource(nats_server.address, "t", stream=a_stream("t"))
    async with source, NatsMessageBroker(nats_server.address) as broker:
        await broker.send([an_envelope("t", n) for n in range(3)])
        await received(source, 1, ack=False)
        await asyncio.to_thread(nats_server.kill)


def test_everything_can_be_made_without_a_loop() -> None:
    NatsMessageBroker("nats://127.0.0.1:1", stream=NatsStream(name="s", subjects=("t",)))
    NatsMessageSource("nats://127.0.0.1:1", "t")


async def test_the_next_server_is_tried(nats_url: str) -> None:
    topic = a_name("t")
    async with NatsMessageBroker(["nats://127.0.0.1:1", nats_url], stream=a_stream(topic)) as broker:
        assert await broker.send([an_envelope(topic)]) == [None]


async def test_no_error_and_no_log_contains_the_password(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    broker = NatsMessageBroker("nats://user:s3cret@127.0.0.1:1", options={"token": "s3cret"})
    with pytest.raises(BrokerUnavailable) as raised:
        await broker.start()
    assert "s3cret" not in f"{raised.value!r} {broker!r} {caplog.text}"
    assert "127.0.0.1:1" in str(raised.value)
