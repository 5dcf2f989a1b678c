"""Redis Streams: the suite of every broker, and what is its own."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING

import pytest
from redis.asyncio import Redis

from cqrs.errors import BrokerUnavailable, MessageRejected
from cqrs.message_brokers.redis import RedisMessageBroker
from cqrs.message_brokers.redis_source import RedisMessageSource
from cqrs.message_brokers.source import Delivery
from cqrs.testing.conformance.message_broker import MessageSourceConformance, an_envelope, received
from tests.integration.message_brokers.restarts import first_deliveries, numbers_until, send_through_a_kill
from tests.integration.message_brokers.victim import killed_after_receiving

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from tests.servers import Server


def a_name(what: str) -> str:
    return f"{what}-{uuid.uuid4().hex[:12]}"


class RedisBackend:
    features = RedisMessageBroker.features

    def __init__(self, url: str) -> None:
        self._url = url

    def broker(self) -> RedisMessageBroker:
        return RedisMessageBroker(self._url)

    def source(self, topic: str, group: str) -> RedisMessageSource:
        return RedisMessageSource(self._url, topic, group=group)

    async def prepare(self, topic: str, groups: list[str]) -> None:
        """A stream is there as soon as it is needed."""


class TestRedisBroker(MessageSourceConformance):
    @pytest.fixture
    def backend(self, redis_url: str) -> RedisBackend:
        return RedisBackend(redis_url)


@pytest.fixture
async def bare(redis_url: str) -> AsyncGenerator[Redis, None]:
    """The driver, to see what is on the server."""
    async with Redis.from_url(redis_url) as client:
        yield client


async def test_a_stream_keeps_everything_unless_a_length_is_given(redis_url: str, bare: Redis) -> None:
    whole, trimmed = a_name("t"), a_name("t")
    async with RedisMessageBroker(redis_url) as broker, RedisMessageBroker(redis_url, maxlen=10) as short:
        await broker.send([an_envelope(whole, n) for n in range(500)])
        await short.send([an_envelope(trimmed, n) for n in range(500)])
    assert await bare.xlen(whole) == 500
    assert await bare.xlen(trimmed) < 250  # whole nodes of the stream are dropped


async def test_what_is_no_stream_rejects_its_messages_and_holds_back_their_keys(redis_url: str, bare: Redis) -> None:
    text, stream = a_name("text"), a_name("t")
    await bare.set(text, "occupied")
    async with RedisMessageBroker(redis_url) as broker:
        bad, later, other = await broker.send(
            [an_envelope(text, key="k"), an_envelope(stream, key="k"), an_envelope(stream, key="other")]
        )
    assert isinstance(bad, MessageRejected)
    assert later is bad
    assert other is None
    assert await bare.xlen(stream) == 1


async def test_a_full_server_is_an_outage(redis_server: Server) -> None:
    async with Redis.from_url(redis_server.address) as client, RedisMessageBroker(redis_server.address) as broker:
        await client.config_set("maxmemory", "1")
        (error,) = await broker.send([an_envelope("t")])
        assert isinstance(error, BrokerUnavailable)
        await client.config_set("maxmemory", "0")
        assert await broker.send([an_envelope("t")]) == [None]


async def test_one_member_receives_several_topics(redis_url: str) -> None:
    topics = [a_name("t"), a_name("t")]
    async with RedisMessageBroker(redis_url) as broker, RedisMessageSource(redis_url, *topics) as source:
        await broker.send([an_envelope(topic, n) for n in range(10) for topic in topics])
        assert len(await source.receive(limit=1)) == 1
        got = await received(source, 19)
    assert {d.envelope.topic for d in got} == set(topics)


async def test_a_batch_is_acknowledged_by_one_command_for_each_stream(redis_server: Server) -> None:
    url, topics = redis_server.address, ["one", "two"]
    async with RedisMessageBroker(url) as broker, RedisMessageSource(url, *topics) as source:
        await broker.send([an_envelope(topic, n) for n in range(50) for topic in topics])
        await source.ack(await received(source, 100, ack=False))
    async with Redis.from_url(url) as client:
        assert (await client.info("commandstats"))["cmdstat_xack"]["calls"] == 2
        assert [(await client.xpending(topic, "default"))["pending"] for topic in topics] == [0, 0]


async def test_a_delivery_that_was_wrapped_is_acknowledged_by_its_own_word(redis_url: str) -> None:
    class Counted(Delivery):
        def __init__(self, delivery: Delivery) -> None:
            self.envelope, self.attempt, self.acks = delivery.envelope, delivery.attempt, 0
            self._delivery = delivery

        async def ack(self) -> None:
            self.acks += 1
            await self._delivery.ack()

        async def nack(self, delay: float = 0.0) -> None:
            await self._delivery.nack(delay)

    topic = a_name("t")
    async with RedisMessageBroker(redis_url) as broker, RedisMessageSource(redis_url, topic) as source:
        await broker.send([an_envelope(topic, n) for n in range(2)])
        first, second = await received(source, 2, ack=False)
        counted = Counted(first)
        await source.ack([counted, second])
    assert counted.acks == 1
    async with Redis.from_url(redis_url) as client:
        assert (await client.xpending(topic, "default"))["pending"] == 0


async def test_an_acknowledgement_that_does_not_arrive_is_an_outage(redis_server: Server) -> None:
    url = redis_server.address
    async with RedisMessageBroker(url) as broker, RedisMessageSource(url, "t") as source:
        await broker.send([an_envelope("t", n) for n in range(2)])
        deliveries = await received(source, 2, ack=False)
        await asyncio.to_thread(redis_server.kill)
        with pytest.raises(BrokerUnavailable):
            await source.ack(deliveries)


async def test_what_a_closed_member_had_comes_in_its_order(redis_url: str) -> None:
    topic = a_name("t")
    async with RedisMessageBroker(redis_url) as broker:
        await broker.send([an_envelope(topic, n) for n in range(10)])
    async with RedisMessageSource(redis_url, topic) as source:
        await received(source, 5, ack=False)
    async with RedisMessageSource(redis_url, topic) as source:
        again = await received(source, 10)
    assert [int(d.envelope.body) for d in again] == list(range(10))
    assert [d.attempt for d in again] == [2] * 5 + [1] * 5


async def test_a_delayed_message_comes_again_to_whoever_is_there(redis_url: str) -> None:
    topic = a_name("t")
    async with RedisMessageBroker(redis_url) as broker:
        await broker.send([an_envelope(topic, n) for n in range(2)])
    async with RedisMessageSource(redis_url, topic) as source:
        first, second = await received(source, 2, ack=False)
        await first.nack(0.3)
        await second.ack()
    async with RedisMessageSource(redis_url, topic) as other:
        (again,) = await received(other, 1)
    assert again.envelope == first.envelope


async def test_what_cannot_be_read_stays_pending_and_holds_nothing_up(
    redis_url: str, bare: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    topic = a_name("t")
    async with RedisMessageBroker(redis_url) as broker, RedisMessageSource(redis_url, topic) as source:
        await bare.xadd(topic, {"what": "?"})
        await broker.send([an_envelope(topic, 1)])
        assert [d.envelope.body for d in await received(source, 1)] == [b"1"]
    assert "message-id" in caplog.text
    assert (await bare.xpending(topic, "default"))["pending"] == 1


async def test_what_was_confirmed_survives_a_kill_of_a_server_that_writes_every_command(
    redis_durable_server: Server,
) -> None:
    url = redis_durable_server.address
    async with RedisMessageSource(url, "t", claim_after=1) as source, RedisMessageBroker(url) as broker:
        consuming = asyncio.create_task(numbers_until(source, 999))
        await send_through_a_kill(redis_durable_server, broker, "t", before=500, after=500)
        numbers = await consuming
    assert first_deliveries(numbers) == list(range(1000))


async def test_a_source_goes_on_with_a_server_that_has_forgotten_everything(redis_server: Server) -> None:
    url = redis_server.address
    async with RedisMessageSource(url, "t") as source, RedisMessageBroker(url) as broker:
        await broker.send([an_envelope("t", 1)])
        assert await numbers_until(source, 1) == [1]
        await asyncio.to_thread(redis_server.restart)
        while isinstance((await broker.send([an_envelope("t", 2)]))[0], BrokerUnavailable):
            pass
        assert await numbers_until(source, 2) == [2]


async def test_what_a_killed_consumer_had_goes_to_another(redis_url: str) -> None:
    topic = a_name("killed")
    async with RedisMessageBroker(redis_url) as broker:
        await broker.send([an_envelope(topic, n, key="k") for n in range(5)])
    imports = "from cqrs.message_brokers.redis_source import RedisMessageSource"
    await killed_after_receiving(f"{imports}\nsource = RedisMessageSource({redis_url!r}, {topic!r})", ack=2, of=5)
    async with RedisMessageSource(redis_url, topic, claim_after=0.5) as source:
        again = await received(source, 3)
    assert [int(d.envelope.body) for d in again] == [2, 3, 4]
    assert [d.attempt for d in again] == [2, 2, 2]


async def test_a_killed_consumer_that_comes_back_under_its_name_begins_with_what_it_had(redis_url: str) -> None:
    topic = a_name("killed")
    async with RedisMessageBroker(redis_url) as broker:
        await broker.send([an_envelope(topic, n, key="k") for n in range(5)])
        imports = "from cqrs.message_brokers.redis_source import RedisMessageSource"
        source = f"source = RedisMessageSource({redis_url!r}, {topic!r}, member='one')"
        await killed_after_receiving(f"{imports}\n{source}", ack=2, of=5)
        await broker.send([an_envelope(topic, 5, key="k")])
    async with RedisMessageSource(redis_url, topic, member="one") as again:
        assert [int(d.envelope.body) for d in await received(again, 4)] == [2, 3, 4, 5]


def test_everything_can_be_made_without_a_loop() -> None:
    RedisMessageBroker("redis://127.0.0.1:1")
    RedisMessageSource("redis://127.0.0.1:1", "t")


async def test_no_error_and_no_log_tells_the_password(redis_url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    url = redis_url.replace("redis://", "redis://user:s3cret@")
    broker, source = RedisMessageBroker(url), RedisMessageSource(url, "t")
    with pytest.raises(BrokerUnavailable) as at_broker:
        await broker.start()
    with pytest.raises(BrokerUnavailable) as at_source:
        await source.receive()
    await broker.close()
    await source.close()
    assert "s3cret" not in f"{at_broker.value!r} {at_source.value} {broker!r} {source!r} {caplog.text}"
