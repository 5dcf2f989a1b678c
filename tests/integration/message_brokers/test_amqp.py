"""RabbitMQ: the suite of every broker, and what is its own."""

from __future__ import annotations

import asyncio
import datetime as dt
import decimal
import uuid
from typing import TYPE_CHECKING, Any

import aio_pika
import pytest
from pamqp import encode

from cqrs.errors import BrokerUnavailable, MessageRejected, WiringError
from cqrs.message_brokers.amqp.broker import AMQPMessageBroker
from cqrs.message_brokers.amqp.factories import amqp_consumer_factory, amqp_publisher_factory
from cqrs.message_brokers.amqp.source import AMQPMessageSource
from cqrs.message_brokers.protocol import Message
from cqrs.testing.conformance.message_broker import MessageSourceConformance, an_envelope, received
from tests.servers.rabbitmq import control

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from aio_pika.abc import AbstractIncomingMessage

    from tests.servers import Server


EXCHANGE = "events"


def a_name(what: str) -> str:
    return f"{what}-{uuid.uuid4().hex[:12]}"


class AMQPBackend:
    features = AMQPMessageBroker.features

    def __init__(self, url: str, **options: Any) -> None:
        self._url = url
        self._options = options

    def broker(self) -> AMQPMessageBroker:
        return AMQPMessageBroker(dsn=self._url, exchange_name=EXCHANGE)

    def source(self, topic: str, group: str) -> AMQPMessageSource:
        return AMQPMessageSource(
            self._url,
            topic,
            group=group,
            exchange_name=EXCHANGE,
            **self._options,
        )

    async def prepare(self, topic: str, groups: list[str]) -> None:
        for group in groups:
            async with self.source(topic, group):
                pass


class TestAMQPBroker(MessageSourceConformance):
    @pytest.fixture(
        params=[
            {"single_active": True, "queue_type": "quorum"},
            {"single_active": False, "queue_type": "classic"},
            {"single_active": True, "queue_type": "classic", "prefetch": 1},
            {"single_active": True, "queue_type": "quorum", "prefetch": 1},
        ],
        ids=["one-active", "shared", "one-by-one", "one-by-one-quorum"],
    )
    def backend(self, rabbitmq_url: str, request: pytest.FixtureRequest) -> AMQPBackend:
        return AMQPBackend(rabbitmq_url, **request.param)


@pytest.fixture
async def bare(rabbitmq_url: str) -> AsyncGenerator[aio_pika.abc.AbstractChannel, None]:
    """A channel of the driver, to see what is on the server."""
    async with await aio_pika.connect(rabbitmq_url) as connection, connection.channel() as channel:
        yield channel


async def the_only_message(queue: aio_pika.abc.AbstractQueue) -> AbstractIncomingMessage:
    message = await queue.get(no_ack=True)
    assert message is not None
    assert await queue.get(fail=False) is None
    return message


async def test_a_message_is_persistent_and_carries_its_metadata(
    rabbitmq_url: str, bare: aio_pika.abc.AbstractChannel
) -> None:
    queue_name = a_name("q")
    envelope = an_envelope("orders", key="k", headers={"correlation-id": "c-1"})
    async with AMQPMessageBroker(dsn=rabbitmq_url, queue_name=queue_name, exchange_name=a_name("x")) as broker:
        assert await broker.send([envelope]) == [None]
    message = await the_only_message(await bare.get_queue(queue_name))
    assert message.delivery_mode is aio_pika.DeliveryMode.PERSISTENT
    assert message.message_id == str(envelope.message_id)
    assert (message.type, message.correlation_id, message.routing_key) == ("numbered", "c-1", "orders")
    assert message.headers["message-key"] == "k"


async def test_a_queue_that_is_named_takes_every_topic(rabbitmq_url: str, bare: aio_pika.abc.AbstractChannel) -> None:
    queue_name = a_name("q")
    async with AMQPMessageBroker(dsn=rabbitmq_url, queue_name=queue_name, exchange_name=a_name("x")) as broker:
        assert await broker.send([an_envelope("one"), an_envelope("two.three")]) == [None, None]
    assert (await bare.declare_queue(queue_name, passive=True)).declaration_result.message_count == 2


async def test_a_publisher_sends_to_the_queue_of_the_topic(
    rabbitmq_url: str, bare: aio_pika.abc.AbstractChannel
) -> None:
    topic = a_name("topic")
    envelope = an_envelope(topic)
    async with AMQPMessageBroker(amqp_publisher_factory(rabbitmq_url), a_name("x")) as broker:
        assert await broker.send([envelope]) == [None]
    assert (await the_only_message(await bare.get_queue(topic))).message_id == str(envelope.message_id)


async def test_a_message_that_no_queue_takes_is_an_outage_of_its_topic(rabbitmq_url: str) -> None:
    unroutable = [an_envelope("nowhere", n, key="k") for n in range(2)]
    async with AMQPMessageBroker(dsn=rabbitmq_url, exchange_name=a_name("x")) as broker:
        first, second = await broker.send(unroutable)
        with pytest.raises(BrokerUnavailable, match="start a consumer of this topic"):
            await broker.send_message(Message("placed", "nowhere", {}))
    assert isinstance(first, BrokerUnavailable)
    assert first.topic == "nowhere"
    assert second is first  # it was not sent


async def test_two_tasks_that_send_one_unroutable_id_both_get_the_error(rabbitmq_url: str) -> None:
    envelope = an_envelope("nowhere")
    async with AMQPMessageBroker(dsn=rabbitmq_url, exchange_name=a_name("x")) as broker:
        results = await broker.send([envelope] * 3)
    assert [type(result) for result in results] == [BrokerUnavailable] * 3


async def test_a_message_that_is_too_large_is_rejected_and_others_are_not(rabbitmq_url: str) -> None:
    publisher = amqp_publisher_factory(rabbitmq_url, max_message_size=1000)
    async with AMQPMessageBroker(publisher, a_name("x")) as broker:
        large, small = await broker.send([an_envelope(a_name("t"), body=b"x" * 1001), an_envelope(a_name("t"))])
    assert isinstance(large, MessageRejected)
    assert small is None


async def test_a_body_above_the_limit_of_the_server_is_rejected_and_the_others_arrive(rabbitmq_server: Server) -> None:
    limit = "application:set_env(rabbit, max_message_size, 100000)."
    await asyncio.to_thread(control, rabbitmq_server.address, "eval", limit)
    topic = a_name("t")
    async with (
        AMQPMessageSource(rabbitmq_server.address, topic, exchange_name=EXCHANGE) as source,
        AMQPMessageBroker(dsn=rabbitmq_server.address, exchange_name=EXCHANGE) as broker,
    ):
        for _ in range(2):
            large = an_envelope(topic, body=b"x" * 100_001)
            rejected, *sent = await broker.send([large, *(an_envelope(topic, n) for n in range(20))])
            assert sent == [None] * 20
            assert isinstance(rejected, MessageRejected)
            assert rejected.message_id == str(large.message_id)
            assert "100001 bytes are more than 100000" in str(rejected)
            async with asyncio.timeout(30):
                arrived: set[int] = set()
                while len(arrived) < 20:  # the server may have taken some before it closed the channel
                    arrived |= {int(delivery.envelope.body) for delivery in await received(source, 1)}


async def test_a_topic_without_the_right_to_write_is_refused_by_name_and_the_others_leave(rabbitmq_url: str) -> None:
    user, exchange, topic = a_name("u"), a_name("x"), a_name("t")
    for command in (
        ("add_user", user, "s3cret"),
        ("set_permissions", user, ".*", ".*", ".*"),
        ("set_topic_permissions", user, exchange, "^t-", ".*"),
    ):
        await asyncio.to_thread(control, rabbitmq_url, *command)
    url = rabbitmq_url.replace("guest:guest", f"{user}:s3cret")
    async with (
        AMQPMessageSource(rabbitmq_url, topic, exchange_name=exchange) as source,
        AMQPMessageBroker(dsn=url, exchange_name=exchange) as broker,
    ):
        envelopes = [an_envelope(topic if n % 5 else f"secret-{n % 2}", n, key=f"k{n}") for n in range(20)]
        results = await broker.send(envelopes)
        arrived: set[int] = set()
        while len(arrived) < 16:
            arrived |= {int(delivery.envelope.body) for delivery in await received(source, 1)}
    refused = [n for n, error in enumerate(results) if error is not None]
    assert refused == [0, 5, 10, 15]
    assert all(isinstance(results[n], MessageRejected) for n in refused)
    assert "no right to write to the topic 'secret-1' of the exchange" in str(results[5])
    assert arrived == set(range(20)) - set(refused)


@pytest.mark.parametrize(
    ("headers", "problem"),
    [
        ({"h": "x" * 200_000}, "headers take"),
        ({f"h{n}": "é" * 1000 for n in range(70)}, "headers take"),
        ({"n" * 129: "x"}, "the name of the header"),
    ],
    ids=["one", "many", "name"],
)
async def test_headers_that_are_too_large_are_rejected_and_the_others_arrive(
    rabbitmq_url: str, headers: dict[str, str], problem: str
) -> None:
    topic = a_name("t")
    async with AMQPMessageBroker(dsn=rabbitmq_url, exchange_name=a_name("x"), queue_name=a_name("q")) as broker:
        bad, *good = await broker.send(
            [an_envelope(topic, headers=headers), *(an_envelope(topic, n) for n in range(5))]
        )
    assert good == [None] * 5
    assert isinstance(bad, MessageRejected)
    assert problem in str(bad)


async def test_headers_as_large_as_a_frame_holds_arrive(rabbitmq_url: str) -> None:
    exchange, topic = a_name("x"), a_name("t")
    headers = {"correlation-id": "c" * 300, "h": "x" * 130_000}
    async with (
        AMQPMessageSource(rabbitmq_url, topic, exchange_name=exchange) as source,
        AMQPMessageBroker(dsn=rabbitmq_url, exchange_name=exchange) as broker,
    ):
        assert await broker.send([an_envelope(topic, headers=headers)]) == [None]
        assert (await received(source, 1))[0].envelope.headers == headers


async def test_a_full_queue_is_an_outage_and_holds_back_the_rest_of_the_key(
    rabbitmq_url: str, bare: aio_pika.abc.AbstractChannel
) -> None:
    exchange, queue_name = a_name("x"), a_name("q")
    declared = await bare.declare_exchange(exchange, "topic", durable=True)
    full = {"x-max-length": 1, "x-overflow": "reject-publish"}
    await (await bare.declare_queue(queue_name, durable=True, arguments=full)).bind(declared, "#")
    async with AMQPMessageBroker(dsn=rabbitmq_url, exchange_name=exchange) as broker:
        results = await broker.send([an_envelope("t", n, key="k") for n in range(5)])
    taken = results.index(next(error for error in results if error is not None))
    assert all(isinstance(error, BrokerUnavailable) for error in results[taken:])
    assert (await bare.declare_queue(queue_name, passive=True)).declaration_result.message_count == taken


async def test_nothing_connects_before_the_start() -> None:
    called = asyncio.Event()

    def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        called.set()
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        url = f"amqp://user:s3cret@127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        made = AMQPMessageBroker(dsn=url, exchange_name="x"), AMQPMessageSource(url, "t", exchange_name="x")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(called.wait(), 0.2)
        for it in made:
            await it.close()


def test_everything_can_be_made_without_a_loop() -> None:
    AMQPMessageBroker(amqp_publisher_factory("amqp://127.0.0.1:1/"), "x")
    AMQPMessageBroker(dsn="amqp://127.0.0.1:1/", exchange_name="x", queue_name="q")
    AMQPMessageSource("amqp://127.0.0.1:1/", "t", exchange_name="x")
    amqp_consumer_factory("amqp://127.0.0.1:1/")


@pytest.mark.parametrize("arguments", [{}, {"dsn": "amqp://127.0.0.1/", "publisher": object()}])
def test_a_broker_has_either_a_dsn_or_a_publisher(arguments: dict[str, object]) -> None:
    with pytest.raises(WiringError, match="publisher"):
        AMQPMessageBroker(exchange_name="x", **arguments)  # type: ignore[call-overload]


async def test_no_error_and_no_log_contains_the_password(rabbitmq_url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    url = rabbitmq_url.replace("guest:guest", "guest:s3cret")
    broker = AMQPMessageBroker(dsn=url, exchange_name="x")
    source = AMQPMessageSource(url, "t", exchange_name="x")
    with pytest.raises(BrokerUnavailable) as at_broker:
        await broker.start()
    with pytest.raises(BrokerUnavailable) as at_source:
        await source.receive()
    assert "s3cret" not in f"{at_broker.value!r} {at_source.value} {broker!r} {source!r} {caplog.text}"
    assert "ACCESS_REFUSED" in str(at_broker.value)


async def test_a_foreign_message_is_named_by_its_topic_and_frees_a_queue_of_prefetch_one(
    rabbitmq_url: str, bare: aio_pika.abc.AbstractChannel
) -> None:
    exchange, topic = a_name("x"), a_name("t")
    source = AMQPMessageSource(rabbitmq_url, topic, exchange_name=exchange, prefetch=1)
    async with source, AMQPMessageBroker(dsn=rabbitmq_url, exchange_name=exchange) as broker:
        foreign = await bare.get_exchange(exchange)
        await foreign.publish(aio_pika.Message(b"?", headers={"origin": "legacy"}), topic)
        await foreign.publish(aio_pika.Message(b"!", type="paid", message_id="order-7"), topic)
        await broker.send([an_envelope(topic, 1)])
        first, second, third = [delivery.envelope for delivery in await received(source, 3)]
    assert (first.name, first.body, dict(first.headers)) == (topic, b"?", {"origin": "legacy"})
    assert (second.name, second.body) == ("paid", b"!")
    assert second.headers["unreadable"] == "ValueError: badly formed hexadecimal UUID string"
    assert third.body == b"1"


async def test_a_message_that_ones_own_function_cannot_read_arrives_with_the_reason(
    rabbitmq_url: str, bare: aio_pika.abc.AbstractChannel
) -> None:
    exchange, topic = a_name("x"), a_name("t")

    def read(message: AbstractIncomingMessage) -> Any:
        if message.body == b"none":
            return None
        if message.body == b"known":
            return an_envelope(topic, body=b"read")
        raise LookupError("an unknown dialect")

    async with AMQPMessageSource(rabbitmq_url, topic, exchange_name=exchange, prefetch=1, read=read) as source:
        foreign = await bare.get_exchange(exchange)
        for body in (b"bad", b"none", b"known"):
            await foreign.publish(aio_pika.Message(body), topic)
        bad, none, known = [delivery.envelope for delivery in await received(source, 3)]
    assert (bad.body, bad.headers["unreadable"]) == (b"bad", "LookupError: an unknown dialect")
    assert "returned NoneType" in none.headers["unreadable"]
    assert known.body == b"read"


async def test_nothing_is_lost_if_a_custom_read_function_cannot_reach_its_server(
    rabbitmq_url: str, bare: aio_pika.abc.AbstractChannel
) -> None:
    exchange, topic = a_name("x"), a_name("t")
    away = [True, False, False]

    def read(message: AbstractIncomingMessage) -> Any:
        if away.pop(0):
            raise ConnectionRefusedError("the registry of schemas")
        return an_envelope(topic, body=message.body)

    async with AMQPMessageSource(rabbitmq_url, topic, exchange_name=exchange, prefetch=1, read=read) as source:
        foreign = await bare.get_exchange(exchange)
        for body in (b"1", b"2"):
            await foreign.publish(aio_pika.Message(body), topic)
        with pytest.raises(ConnectionRefusedError):
            await source.receive(timeout=30)
        assert [delivery.envelope.body for delivery in await received(source, 2)] == [b"1", b"2"]


async def test_an_unreadable_message_with_an_id_keeps_it_when_it_comes_again(
    rabbitmq_url: str, bare: aio_pika.abc.AbstractChannel
) -> None:
    exchange, topic = a_name("x"), a_name("t")
    async with AMQPMessageSource(rabbitmq_url, topic, exchange_name=exchange) as source:
        foreign = await bare.get_exchange(exchange)
        for body in (b"1", b"2"):
            await foreign.publish(aio_pika.Message(body, message_id="1"), topic)
        deliveries = await received(source, 2, ack=False)
        for delivery in deliveries:
            await delivery.nack()
        again = await received(source, 2)
    ids = {delivery.envelope.body: delivery.envelope.message_id for delivery in deliveries}
    assert {delivery.envelope.body: delivery.envelope.message_id for delivery in again} == ids
    assert len(set(ids.values())) == 2


async def test_a_message_that_the_driver_cannot_decode_does_not_end_the_connection(
    rabbitmq_url: str, bare: aio_pika.abc.AbstractChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_utf8 = encode.short_string

    def in_latin1(text: str) -> bytes:
        return b"\x04caf\xe9" if text == "café" else in_utf8(text)

    monkeypatch.setattr(encode, "short_string", in_latin1)
    monkeypatch.setitem(encode.METHODS, "shortstr", in_latin1)  # type: ignore[arg-type]
    monkeypatch.setitem(encode.METHODS, "timestamp", lambda _: b"\x7f" * 8)  # type: ignore[arg-type]
    exchange, topic = a_name("x"), a_name("t")
    async with AMQPMessageSource(rabbitmq_url, topic, exchange_name=exchange, prefetch=1) as source:
        foreign = await bare.get_exchange(exchange)
        known = {"message_id": str(uuid.uuid4()), "type": "paid"}
        for message in (
            aio_pika.Message(b"header", headers={"café": "x"}, **known),  # type: ignore[arg-type]
            aio_pika.Message(b"property", type="café"),
            aio_pika.Message(b"time", timestamp=1, **known),  # type: ignore[arg-type]
        ):
            await foreign.publish(message, topic)
        header, named, timed = [delivery.envelope for delivery in await received(source, 3)]
    assert (header.body, header.name) == (b"header", "paid")
    assert "UnicodeDecodeError" in header.headers["unreadable"]
    assert (named.body, named.name) == (b"property", "caf\\xe9")
    assert (timed.body, dict(timed.headers)) == (b"time", {})


async def test_typed_headers_of_others_arrive_as_text(rabbitmq_url: str, bare: aio_pika.abc.AbstractChannel) -> None:
    exchange, topic = a_name("x"), a_name("t")
    at = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    headers: dict[str, Any] = {"message-version": 2, "tenant-id": 42, "urgent": True, "rate": 1.5, "at": at}
    headers |= {
        "price": decimal.Decimal("9.50"),
        "raw": bytearray(b"caf\xe9"),
        "nothing": None,
        "list": ["a", 1],
        "text": "t",
    }
    async with AMQPMessageSource(rabbitmq_url, topic, exchange_name=exchange) as source:
        foreign = await bare.get_exchange(exchange)
        message = aio_pika.Message(b"1", message_id=str(uuid.uuid4()), type="paid", headers=headers)
        await foreign.publish(message, topic)
        (delivery,) = await received(source, 1)
    assert delivery.envelope.version == 2
    assert delivery.envelope.headers == {
        "tenant-id": "42",
        "urgent": "true",
        "rate": "1.5",
        "at": at.isoformat(),
        "price": "9.50",
        "raw": "caf\\xe9",
        "nothing": "",
        "list": '["a",1]',
        "text": "t",
    }


@pytest.mark.parametrize("encoding", ["utf-8", "UTF-8", "identity", "binary", ""])
async def test_an_encoding_that_compresses_nothing_is_none(
    rabbitmq_url: str, bare: aio_pika.abc.AbstractChannel, encoding: str
) -> None:
    exchange, topic = a_name("x"), a_name("t")
    async with AMQPMessageSource(rabbitmq_url, topic, exchange_name=exchange) as source:
        foreign = await bare.get_exchange(exchange)
        message = aio_pika.Message(b"{}", message_id=str(uuid.uuid4()), type="paid", content_encoding=encoding)
        await foreign.publish(message, topic)
        (delivery,) = await received(source, 1)
    assert delivery.envelope.content_encoding is None


async def test_a_message_of_others_is_known_by_its_properties(
    rabbitmq_url: str, bare: aio_pika.abc.AbstractChannel
) -> None:
    exchange, topic, message_id = a_name("x"), a_name("t"), uuid.uuid4()
    async with AMQPMessageSource(rabbitmq_url, topic, exchange_name=exchange) as source:
        foreign = await bare.get_exchange(exchange)
        await foreign.publish(aio_pika.Message(b"1", message_id=str(message_id), type="paid"), topic)
        (delivery,) = await received(source, 1)
    assert (delivery.envelope.message_id, delivery.envelope.name) == (message_id, "paid")


async def test_a_queue_that_is_deleted_is_noticed_and_made_again(
    rabbitmq_url: str, bare: aio_pika.abc.AbstractChannel
) -> None:
    exchange, topic = a_name("x"), a_name("t")
    source = AMQPMessageSource(rabbitmq_url, topic, exchange_name=exchange)
    async with source, AMQPMessageBroker(dsn=rabbitmq_url, exchange_name=exchange) as broker:
        await bare.queue_delete(f"default.{topic}")
        with pytest.raises(BrokerUnavailable, match="deleted"):
            await source.receive(timeout=30)
        await source.start()
        assert await broker.send([an_envelope(topic, 1)]) == [None]
        assert len(await received(source, 1)) == 1


async def test_a_delayed_message_comes_again_after_others(rabbitmq_url: str) -> None:
    exchange, topic = a_name("x"), a_name("t")
    source = AMQPMessageSource(rabbitmq_url, topic, exchange_name=exchange)
    async with source, AMQPMessageBroker(dsn=rabbitmq_url, exchange_name=exchange) as broker:
        await broker.send([an_envelope(topic, n, key="k") for n in range(2)])
        first, second = await received(source, 2, ack=False)
        await first.nack(0.05)
        await second.ack()
        (again,) = await received(source, 1)
    assert again.envelope == first.envelope
    assert (first.attempt, again.attempt) == (1, 2)


async def test_a_consumer_gets_a_message_again_when_its_handler_fails(rabbitmq_url: str) -> None:
    queue_name, exchange = a_name("q"), a_name("x")
    bodies: list[bytes] = []
    seen = asyncio.Event()

    async def handler(message: AbstractIncomingMessage) -> None:
        bodies.append(message.body)
        if len(bodies) == 1:
            raise ValueError("not today")
        seen.set()

    publisher = amqp_publisher_factory(rabbitmq_url)
    await publisher.publish(aio_pika.Message(b"1"), queue_name, exchange)
    await publisher.close()
    consuming = asyncio.create_task(amqp_consumer_factory(rabbitmq_url, retry_delay=0.01).consume(handler, queue_name))
    async with asyncio.timeout(30):
        await seen.wait()
    consuming.cancel()
    await asyncio.wait([consuming])
    assert bodies == [b"1", b"1"]
