"""A missing permission of a NATS user is reported by name, and delays no other message."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from cqrs.errors import BrokerUnavailable, MessageRejected
from cqrs.message_brokers.nats.broker import NatsMessageBroker
from cqrs.message_brokers.nats.source import NatsMessageSource
from cqrs.message_brokers.nats.stream import NatsStream
from cqrs.testing.conformance.message_broker import an_envelope, received
from tests.servers.secured import PASSWORD, USER, Secured

pytestmark = pytest.mark.server


@pytest.fixture
async def stream(secured_nats: Secured) -> NatsStream:
    name = uuid.uuid4().hex[:12]
    made = NatsStream(name=name, subjects=(f"open.{name}", f"closed.{name}"))
    async with a_broker(secured_nats, USER, stream=made):
        return made


def a_broker(server: Secured, user: str, **options: NatsStream) -> NatsMessageBroker:
    return NatsMessageBroker(a_url(server, user), tls=server.trusting(), timeout=1.5, **options)


def a_source(server: Secured, user: str, topic: str) -> NatsMessageSource:
    return NatsMessageSource(a_url(server, user), topic, group=user, tls=server.trusting(), timeout=1.5)


def a_url(server: Secured, user: str) -> str:
    return f"tls://{user}:{PASSWORD}@{server.at['tls']}"


async def test_a_user_needs_the_documented_permissions(secured_nats: Secured) -> None:
    name = uuid.uuid4().hex[:12]
    topic, stream = f"open.{name}", NatsStream(name=name, subjects=(f"open.{name}",))
    async with a_broker(secured_nats, "sender", stream=stream) as broker:
        taken, not_taken = await broker.send([an_envelope(topic, 1), an_envelope("open.nowhere", 2)])
    assert taken is None
    assert isinstance(not_taken, BrokerUnavailable)
    async with a_source(secured_nats, "receiver", topic) as source:
        (delivery,) = await received(source, 1, ack=False)
        await delivery.nack(0.1)
        assert [d.attempt for d in await received(source, 1)] == [2]
        assert list(await source.receive(timeout=0.1)) == []


async def test_a_topic_that_the_user_may_not_send_to_is_refused_by_name_and_the_others_leave(
    secured_nats: Secured, stream: NatsStream
) -> None:
    good, bad = stream.subjects
    sent = [(good, "a"), (bad, "a"), (good, "a"), (bad, "b"), (bad, None), (good, None), (good, "c")]
    async with a_broker(secured_nats, "writer") as broker:
        for _ in range(2):
            results = await broker.send([an_envelope(topic, n, key=key) for n, (topic, key) in enumerate(sent)])
            refused = [isinstance(error, MessageRejected) and f"publish to '{bad}'" in str(error) for error in results]
            assert refused == [False, True, True, True, True, False, False]
            assert [error for error in results if not isinstance(error, MessageRejected)] == [None] * 3
    async with a_source(secured_nats, USER, good) as source:
        assert sorted(int(d.envelope.body) for d in await received(source, 6)) == [0, 0, 5, 5, 6, 6]


async def test_two_topics_that_differ_in_case_alone_are_not_taken_for_each_other(secured_nats: Secured) -> None:
    name = uuid.uuid4().hex[:12]
    topics = (f"open.{name}", f"OPEN.{name}")
    async with a_broker(secured_nats, USER, stream=NatsStream(name=name, subjects=topics)):
        pass
    async with a_broker(secured_nats, "writer") as broker:
        good, bad = await broker.send([an_envelope(topic) for topic in topics])
    assert good is None
    assert isinstance(bad, BrokerUnavailable)  # the driver does not distinguish the two


@pytest.mark.parametrize(("user", "named"), [("deaf", "_inbox."), ("stranger", "$js.api.")])
async def test_a_source_that_gets_no_answers_names_the_permission(
    secured_nats: Secured, stream: NatsStream, user: str, named: str
) -> None:
    source = a_source(secured_nats, user, stream.subjects[0])
    with pytest.raises(BrokerUnavailable) as raised:
        await source.start()
    await source.close()
    assert named in str(raised.value)
    assert "let its user publish to $JS.API.>" in str(raised.value)


@pytest.mark.parametrize(("user", "named"), [("silent", "$js.ack."), ("idle", "$js.api.consumer.msg.next.")])
async def test_a_source_that_may_not_ask_or_acknowledge_names_the_permission(
    secured_nats: Secured, stream: NatsStream, user: str, named: str
) -> None:
    topic = stream.subjects[0]
    async with a_broker(secured_nats, USER) as broker, a_source(secured_nats, user, topic) as source:
        await broker.send([an_envelope(topic)])
        with pytest.raises(BrokerUnavailable) as raised:
            async with asyncio.timeout(10):
                while True:
                    for delivery in await source.receive(timeout=0.2):
                        await delivery.ack()
    assert named in str(raised.value)


async def test_a_broker_that_gets_no_answers_names_the_permission(secured_nats: Secured, stream: NatsStream) -> None:
    async with a_broker(secured_nats, "deaf") as broker:
        (error,) = await broker.send([an_envelope(stream.subjects[0])])
    assert isinstance(error, BrokerUnavailable)
    assert "_inbox." in str(error)
