"""Redis Streams: the suite of every broker, and what is its own."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from typing import TYPE_CHECKING, NamedTuple

import pytest
from redis.asyncio import Redis

from cqrs.errors import BrokerUnavailable, MessageRejected
from cqrs.message_brokers.redis.broker import RedisMessageBroker
from cqrs.message_brokers.redis.source import RedisMessageSource, StreamEntry
from cqrs.message_brokers.source import Delivery
from cqrs.testing.conformance.message_broker import MessageSourceConformance, an_envelope, received
from tests.integration.message_brokers.restarts import first_deliveries, numbers_until, send_through_a_kill
from tests.integration.message_brokers.victim import killed_after_receiving
from tests.integration.postgresql_log.proxy import proxy_to

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from cqrs.envelope import Envelope
    from tests.servers import Server
    from tests.servers.fixtures import Servers


def a_name(what: str) -> str:
    return f"{what}-{uuid.uuid4().hex[:12]}"


class Clerk(NamedTuple):
    """A user of Redis, and the address that it logs in at."""

    name: str
    url: str


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


async def test_a_key_that_is_no_stream_rejects_its_messages_and_holds_back_their_keys(
    redis_url: str, bare: Redis
) -> None:
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


async def test_unsettled_messages_of_a_living_member_go_to_no_other(redis_url: str, bare: Redis) -> None:
    topic = a_name("t")
    first, second = (RedisMessageSource(redis_url, topic, claim_after=0.6) for _ in range(2))
    async with RedisMessageBroker(redis_url) as broker, first, second:
        await broker.send([an_envelope(topic, n) for n in range(3)])
        held = await received(first, 3, ack=False)
        assert list(await second.receive(timeout=1.5)) == []
        await first.ack(held[1:])
    assert [one["times_delivered"] for one in await bare.xpending_range(topic, "default", "-", "+", 9)] == [1]
    async with second:
        assert [int(d.envelope.body) for d in await received(second, 1)] == [0]


async def test_messages_kept_longer_than_allowed_go_to_another_member(redis_url: str) -> None:
    topic = a_name("t")
    first, second = (RedisMessageSource(redis_url, topic, claim_after=0.3, max_hold=0.3) for _ in range(2))
    async with RedisMessageBroker(redis_url) as broker, first, second:
        await broker.send([an_envelope(topic, 1)])
        await received(first, 1, ack=False)
        assert [d.attempt for d in await received(second, 1)] == [2]


async def test_a_server_that_has_become_a_replica_is_left(servers: Servers) -> None:
    with contextlib.ExitStack() as stack:
        old, new = (stack.enter_context(contextlib.contextmanager(servers.own)("redis")) for _ in range(2))
        ports = [int(server.address.rpartition(":")[2].partition("/")[0]) for server in (old, new)]
        async with proxy_to("127.0.0.1", ports[0]) as proxy:
            url = f"redis://127.0.0.1:{proxy.port}/0"
            async with RedisMessageBroker(url) as broker, RedisMessageSource(url, "t") as source:
                assert await broker.send([an_envelope("t", 1)]) == [None]
                await received(source, 1)
                async with Redis.from_url(old.address) as client:
                    await client.replicaof("127.0.0.1", str(ports[1]))
                proxy.lead_to("127.0.0.1", ports[1])  # from now on; what is connected stays there
                with pytest.raises(BrokerUnavailable):
                    await source.receive(timeout=0.1)
                (error,) = await broker.send([an_envelope("t", 2)])
                assert isinstance(error, BrokerUnavailable)
                assert await broker.send([an_envelope("t", 3)]) == [None]
                assert [int(d.envelope.body) for d in await received(source, 1)] == [3]


async def test_messages_of_a_closed_member_are_delivered_again_in_their_order(redis_url: str) -> None:
    topic = a_name("t")
    async with RedisMessageBroker(redis_url) as broker:
        await broker.send([an_envelope(topic, n) for n in range(10)])
    async with RedisMessageSource(redis_url, topic) as source:
        await received(source, 5, ack=False)
    async with RedisMessageSource(redis_url, topic) as source:
        again = await received(source, 10)
    assert [int(d.envelope.body) for d in again] == list(range(10))
    assert [d.attempt for d in again] == [2] * 5 + [1] * 5


async def test_a_delayed_message_is_redelivered_to_any_member(redis_url: str) -> None:
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


FOREIGN: dict[str, tuple[dict[bytes, bytes], bytes, dict[str, str]]] = {
    "fields of its own": ({b"order": b"7", b"note": b"\xc3\xbc"}, '{"order":"7","note":"ü"}'.encode(), {}),
    "a field whose name is no text": ({b"caf\xe9": b"1"}, rb'{"caf\\xe9":"1"}', {}),
    "a value that is no text": ({b"raw": b"\xff\x00"}, b'{"raw":"\\\\xff\\u0000"}', {}),
    "an empty field": ({b"": b""}, b'{"":""}', {}),
    "a body without headers": ({b"message-body": b"\xff\x00", b"from": b"us"}, b"\xff\x00", {"from": "us"}),
    "an id without a name": ({b"message-id": b"7", b"message-body": b"x"}, b"x", {}),
}


@pytest.mark.parametrize("entry", FOREIGN)
async def test_an_entry_of_another_program_arrives_whatever_is_in_it(redis_url: str, bare: Redis, entry: str) -> None:
    fields, body, headers = FOREIGN[entry]
    topic = a_name("t")
    await bare.xadd(topic, fields)  # type: ignore[arg-type]  # the driver's
    async with RedisMessageBroker(redis_url) as broker, RedisMessageSource(redis_url, topic) as source:
        await broker.send([an_envelope(topic, 1)])
        first, second = [delivery.envelope for delivery in await received(source, 2)]
    async with RedisMessageSource(redis_url, topic, group="other") as other:
        assert (await received(other, 1))[0].envelope == first
    assert (first.name, first.topic, first.body, first.headers) == (topic, topic, body, headers)
    assert second.body == b"1"
    assert (await bare.xpending(topic, "default"))["pending"] == 0


async def test_ones_own_function_reads_entries_and_what_it_raises_is_the_reason(redis_url: str, bare: Redis) -> None:
    topic, away = a_name("t"), [True]

    def read(entry: StreamEntry) -> Envelope:
        if away and entry.fields[b"data"] == b"1":
            away.pop()
            raise ConnectionRefusedError("the registry of schemas")
        if entry.fields[b"data"] == b"bad":
            raise LookupError("an unknown dialect")
        return an_envelope("elsewhere", body=entry.fields[b"data"], headers={"at": f"{entry.topic} {entry.entry_id}"})

    ids = [(await bare.xadd(topic, {"data": data})).decode() for data in ("0", "1", "bad")]
    async with RedisMessageSource(redis_url, topic, read=read) as source:
        with pytest.raises(ConnectionRefusedError):
            await source.receive()
        deliveries = await received(source, 3, ack=False)
        await source.ack(deliveries[:2])
        await deliveries[2].nack()
        (bad,) = await received(source, 1)
    assert [d.envelope.body for d in deliveries[:2]] == [b"0", b"1"]
    assert deliveries[0].envelope.headers == {"at": f"{topic} {ids[0]}"}
    assert (bad.envelope.body, bad.envelope.headers) == (
        b'{"data":"bad"}',
        {"unreadable": "LookupError: an unknown dialect"},
    )
    assert (await bare.xpending(topic, "default"))["pending"] == 0


async def test_an_entry_with_an_unreadable_name_carries_the_reason(redis_url: str, bare: Redis) -> None:
    topic = a_name("t")
    await bare.xadd(topic, {"message-name": "paid", "message-id": "order-7", "message-body": "{}"})
    await bare.xadd(topic, {"message-name": "paid"})
    async with RedisMessageSource(redis_url, topic) as source:
        first, second = [delivery.envelope for delivery in await received(source, 2)]
    assert (first.name, first.body) == (second.name, b"{}") == ("paid", b"{}")
    assert "UUID" in first.headers["unreadable"]
    assert "message-id" in second.headers["unreadable"]


@pytest.fixture
async def clerk(redis_url: str, bare: Redis) -> AsyncGenerator[Clerk, None]:
    """A user with every right on keys that begin with ``open``."""
    name = a_name("clerk")
    await bare.acl_setuser(name, enabled=True, passwords=["+secret"], keys=["open*"], categories=["+@all"])
    yield Clerk(name, redis_url.replace("redis://", f"redis://{name}:secret@"))
    await bare.acl_deluser(name)


async def test_a_topic_that_the_user_may_not_write_is_refused_by_name_and_the_others_leave(
    clerk: Clerk, bare: Redis
) -> None:
    good, bad = a_name("open"), a_name("closed")
    sent = [(good, "a"), (bad, "a"), (good, "a"), (good, "b"), (bad, None), (good, None)]
    async with RedisMessageBroker(clerk.url) as broker:
        results = await broker.send([an_envelope(topic, n, key=key) for n, (topic, key) in enumerate(sent)])
    refused = [isinstance(error, MessageRejected) and f"ACL SETUSER <user> ~{bad}" in str(error) for error in results]
    assert refused == [False, True, True, False, True, False]
    assert [fields[b"message-body"] for _, fields in await bare.xrange(good)] == [b"0", b"3", b"5"]


@pytest.mark.parametrize("rights", ["+evalsha +eval +script|load +xadd +ping", "+@stream +@scripting +ping"])
async def test_a_user_needs_the_documented_permissions(clerk: Clerk, bare: Redis, rights: str) -> None:
    topic = a_name("open")
    changed = ["reset", "on", ">secret", f"~{topic}", *rights.split()]
    await bare.execute_command("ACL", "SETUSER", clerk.name, *changed)  # type: ignore[no-untyped-call]  # the driver's
    await bare.script_flush()  # type: ignore[no-untyped-call]  # the driver's
    async with RedisMessageBroker(clerk.url) as broker:
        assert await broker.send([an_envelope(topic, 1, key="k")]) == [None]
    if "@stream" in rights:
        async with RedisMessageSource(clerk.url, topic, claim_after=0.3) as source:
            (delivery,) = await received(source, 1, ack=False)
            await asyncio.sleep(0.3)
            await delivery.nack()
            await source.ack(await received(source, 1, ack=False))
    assert (await bare.xlen(topic)) == 1


@pytest.mark.parametrize(("command", "named"), [("evalsha", "evalsha"), ("xadd", "XADD")])
async def test_a_user_who_may_not_send_at_all_is_an_outage(clerk: Clerk, bare: Redis, command: str, named: str) -> None:
    await bare.acl_setuser(clerk.name, enabled=True, keys=["open*"], categories=["+@all"], commands=[f"-{command}"])
    async with RedisMessageBroker(clerk.url) as broker:
        (error,) = await broker.send([an_envelope(a_name("open"))])
    assert isinstance(error, BrokerUnavailable)
    assert named in str(error)


async def test_a_source_names_the_topic_that_its_user_may_not_read(clerk: Clerk) -> None:
    bad = a_name("closed")
    source = RedisMessageSource(clerk.url, a_name("open"), bad)
    with pytest.raises(BrokerUnavailable, match=f"let its user read '{bad}'"):
        await source.start()
    await source.close()


async def test_a_message_with_more_headers_than_a_script_takes_is_refused_alone(redis_url: str, bare: Redis) -> None:
    topic = a_name("t")
    many = {f"h{n}": "" for n in range(5000)}
    async with RedisMessageBroker(redis_url) as broker:
        results = await broker.send([an_envelope(topic, n, headers=many if n == 1 else {}) for n in range(3)])
    assert [isinstance(error, MessageRejected) for error in results] == [False, True, False]
    assert await bare.xlen(topic) == 2


async def test_a_created_stream_is_logged(redis_url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    sent, read = a_name("sent"), a_name("read")
    async with RedisMessageBroker(redis_url) as broker:
        await broker.send([an_envelope(sent, n) for n in range(2)])
        await broker.send([an_envelope(sent)])
    for _ in range(2):
        async with RedisMessageSource(redis_url, sent, read):
            pass
    assert caplog.text.count(f"had no stream '{sent}'; it was created") == 1
    assert caplog.text.count(f"had no stream '{read}'; it was created") == 1


async def test_confirmed_messages_survive_a_kill_of_a_server_that_syncs_each_command(
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


async def test_messages_of_a_killed_consumer_go_to_another(redis_url: str) -> None:
    topic = a_name("killed")
    async with RedisMessageBroker(redis_url) as broker:
        await broker.send([an_envelope(topic, n, key="k") for n in range(5)])
    imports = "from cqrs.message_brokers.redis.source import RedisMessageSource"
    await killed_after_receiving(f"{imports}\nsource = RedisMessageSource({redis_url!r}, {topic!r})", ack=2, of=5)
    async with RedisMessageSource(redis_url, topic, claim_after=0.5) as source:
        again = await received(source, 3)
    assert [int(d.envelope.body) for d in again] == [2, 3, 4]
    assert [d.attempt for d in again] == [2, 2, 2]


async def test_a_killed_consumer_that_comes_back_under_its_name_begins_with_what_it_had(redis_url: str) -> None:
    topic = a_name("killed")
    async with RedisMessageBroker(redis_url) as broker:
        await broker.send([an_envelope(topic, n, key="k") for n in range(5)])
        imports = "from cqrs.message_brokers.redis.source import RedisMessageSource"
        source = f"source = RedisMessageSource({redis_url!r}, {topic!r}, member='one')"
        await killed_after_receiving(f"{imports}\n{source}", ack=2, of=5)
        await broker.send([an_envelope(topic, 5, key="k")])
    async with RedisMessageSource(redis_url, topic, member="one") as again:
        assert [int(d.envelope.body) for d in await received(again, 4)] == [2, 3, 4, 5]


def test_everything_can_be_made_without_a_loop() -> None:
    RedisMessageBroker("redis://127.0.0.1:1")
    RedisMessageSource("redis://127.0.0.1:1", "t")


async def test_no_error_and_no_log_contains_the_password(redis_url: str, caplog: pytest.LogCaptureFixture) -> None:
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
