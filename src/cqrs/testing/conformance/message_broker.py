"""Test suites for message brokers and for sources of messages.

Subclass the suites and override their fixture:

    class TestMine(MessageSourceConformance):  # includes the tests of MessageBrokerConformance
        @pytest.fixture
        def backend(self):
            return MyBackend()

``MyBackend`` implements :class:`BrokerBackend`.
"""
# ruff: noqa: S101, D102, PLR2004 - assert is how a suite checks, names state the behaviour, numbers count messages

from __future__ import annotations

import asyncio
import dataclasses
import uuid
import zlib
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from cqrs.envelope import Envelope
from cqrs.errors.messages import MessageRejected, UnfitMessage
from cqrs.message_brokers.protocol import Message

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from cqrs.message_brokers.protocol import Features, MessageBroker
    from cqrs.message_brokers.source import Delivery, MessageSource


class BrokerBackend(Protocol):
    """Makes brokers and sources that use the same server; ``features`` are those of the broker."""

    features: Features

    def broker(self) -> MessageBroker:
        """Make a broker that is not started yet."""
        ...

    def source(self, topic: str, group: str) -> MessageSource:
        """Make a source that is not started yet. Its group reads ``topic`` from the first message on."""
        ...

    async def prepare(self, topic: str, groups: list[str]) -> None:
        """Create topic, queues or groups, so that messages to ``topic`` are kept for ``groups``.

        If the broker has partitions, create more than one.
        """
        ...


def an_envelope(topic: str, number: int = 0, key: str | None = None, **fields: Any) -> Envelope:
    """Make a message whose body is ``number``."""
    values: dict[str, Any] = {"message_id": uuid.uuid4(), "name": "numbered", "body": str(number).encode(), **fields}
    return Envelope(topic=topic, key=key, **values)


async def received(source: MessageSource, count: int, *, ack: bool = True) -> list[Delivery]:
    """Receive the next ``count`` messages; raises ``TimeoutError`` after 30 seconds."""
    deliveries: list[Delivery] = []
    async with asyncio.timeout(30):
        while len(deliveries) < count:
            for delivery in await source.receive(limit=count - len(deliveries), timeout=1):
                if ack:
                    await delivery.ack()
                deliveries.append(delivery)
    return deliveries


async def first_numbers(source: MessageSource, count: int) -> list[int]:
    """Receive until ``count`` different numbers have come; returns them in the order of their first delivery."""
    numbers: dict[int, None] = {}
    async with asyncio.timeout(30):
        while len(numbers) < count:
            for delivery in await source.receive(limit=count, timeout=1):
                await delivery.ack()
                numbers[int(delivery.envelope.body)] = None
    return list(numbers)


async def received_unacknowledged(source: MessageSource, count: int) -> list[Delivery]:
    """Receive ``count`` messages, unacknowledged; fewer if the source delivers no more before one is settled."""
    deliveries = await received(source, 1, ack=False)
    while len(deliveries) < count and (more := await source.receive(limit=count - len(deliveries), timeout=0.5)):
        deliveries.extend(more)
    return deliveries


@pytest.mark.asyncio
class MessageBrokerConformance:
    """Tests for a ``MessageBroker``; to run them, subclass this and override the fixture ``backend``.

    A back end that passes guarantees: all fields of a message are delivered unchanged; ``send`` returns a result
    for each message; a message that not every broker can carry is refused before it is sent; a broker connects at
    the first ``send``, and can be started and closed repeatedly. Order and deduplication are tested if ``features``
    declares them.
    """

    @pytest.fixture
    def backend(self) -> BrokerBackend:
        raise NotImplementedError("Override the fixture `backend` with one that returns your back end.")

    @pytest.fixture
    async def topic(self, backend: BrokerBackend) -> str:
        name = f"t-{uuid.uuid4().hex[:12]}"
        await backend.prepare(name, ["one", "two"])
        return name

    @pytest.fixture
    async def broker(self, backend: BrokerBackend) -> AsyncGenerator[MessageBroker, None]:
        async with backend.broker() as broker:
            yield broker

    @pytest.fixture
    async def source(self, backend: BrokerBackend, topic: str) -> AsyncGenerator[MessageSource, None]:
        async with backend.source(topic, "one") as source:
            yield source

    async def test_every_field_of_a_message_is_received_as_it_was_sent(
        self, broker: MessageBroker, source: MessageSource, topic: str
    ) -> None:
        headers = {"correlation-id": "c-1", "traceparent": "00-ab-cd-01", "note": "naïve ✓"}
        sent = [
            an_envelope(topic, key="k", version=3, body="ü".encode(), headers=headers),
            an_envelope(topic, body=bytes(range(256)), content_type="application/x-protobuf", content_encoding="zlib"),
        ]
        assert await broker.send(sent) == [None, None]
        got = {d.envelope.message_id: d.envelope for d in await received(source, 2)}
        assert got == {envelope.message_id: envelope for envelope in sent}

    async def test_the_payload_of_a_message_is_sent_as_json(
        self, broker: MessageBroker, source: MessageSource, topic: str
    ) -> None:
        message = Message("joined", topic, {"user": uuid.UUID(int=1), "name": "ü"}, key="k")
        await broker.send_message(message)
        (delivery,) = await received(source, 1)
        assert delivery.envelope == message.to_envelope()
        assert delivery.envelope.json() == {"user": str(uuid.UUID(int=1)), "name": "ü"}

    @pytest.mark.parametrize("encoding", [None, "zlib"])
    @pytest.mark.parametrize(
        ("content_type", "body"),
        [
            ("application/json", b'{"name":"na\xc3\xafve","total":"1.50"}'),
            ("application/protobuf", b"\x08\x96\x01\x12\x07na\xc3\xafve\x00\x18\xff\xff\xff\xff\x0f"),
            ("application/protobuf", b""),  # a message whose every field has its default
        ],
        ids=["json", "protobuf", "empty protobuf"],
    )
    async def test_a_body_of_any_content_type_and_encoding_is_received_unchanged(  # noqa: PLR0913, PLR0917
        self,
        broker: MessageBroker,
        source: MessageSource,
        topic: str,
        content_type: str,
        body: bytes,
        encoding: str | None,
    ) -> None:
        sent = an_envelope(
            topic,
            body=body if encoding is None else zlib.compress(body),
            content_type=content_type,
            content_encoding=encoding,
        )
        assert await broker.send([sent]) == [None]
        (delivery,) = await received(source, 1)
        assert delivery.envelope == sent

    async def test_a_message_that_not_every_broker_carries_is_refused_with_the_unfit_field(
        self, broker: MessageBroker, source: MessageSource, topic: str
    ) -> None:
        unfit: list[tuple[str, dict[str, Any]]] = [
            ("headers['x']", {"headers": {"x": None}}),
            ("headers['x']", {"headers": {"x": "a\nb: c"}}),
            ("headers", {"headers": {f"x{n}": "y" * 1000 for n in range(20)}}),
            ("key", {"key": "k" * 256}),
            ("payload.price", {"payload": {"payload": {"price": float("nan")}}}),
        ]
        for part, given in unfit:
            with pytest.raises(UnfitMessage) as caught:
                await broker.send_message(dataclasses.replace(Message("joined", topic, 1), **given))
            assert (caught.value.message, caught.value.argument) == ("joined", part)
        await broker.send_message(Message("joined", topic, {"a": None}, key="k" * 255, headers={"x": "y" * 16_379}))
        (delivery,) = await received(source, 1)
        assert delivery.envelope.json() == {"a": None}

    async def test_a_stored_message_with_a_header_that_is_no_text_is_rejected_with_the_rest_of_its_key(
        self, broker: MessageBroker, source: MessageSource, topic: str
    ) -> None:
        bad: list[Any] = [None, True, 1.5, 7, b"x", "\ud800"]
        sent = [an_envelope(topic, n, key=f"k{n}", headers={"x-bad": value}) for n, value in enumerate(bad)]
        good = [an_envelope(topic, n) for n in range(10, 10 + len(bad))]
        behind = an_envelope(topic, 20, key="k0")
        results = await broker.send([*(one for pair in zip(good, sent, strict=True) for one in pair), behind])
        assert results[: 2 * len(bad) : 2] == [None] * len(bad)
        refused = results[1 : 2 * len(bad) : 2]
        assert all(isinstance(error, MessageRejected) and "x-bad" in str(error) for error in refused)
        assert results[-1] is refused[0]
        assert sorted(int(d.envelope.body) for d in await received(source, len(bad))) == list(range(10, 10 + len(bad)))
        assert list(await source.receive(timeout=0.1)) == []

    async def test_a_large_body_is_received_unchanged(
        self, broker: MessageBroker, source: MessageSource, topic: str
    ) -> None:
        body = b"x" * 500_000
        assert await broker.send([an_envelope(topic, body=body)]) == [None]
        assert (await received(source, 1))[0].envelope.body == body

    async def test_messages_of_one_key_keep_their_order(
        self, backend: BrokerBackend, broker: MessageBroker, source: MessageSource, topic: str
    ) -> None:
        if not backend.features.ordered:
            pytest.skip("the features of this broker do not include `ordered`")
        sent = [an_envelope(topic, number, key=f"key-{number % 3}") for number in range(120)]
        for start in range(0, 120, 40):
            assert await broker.send(sent[start : start + 40]) == [None] * 40
        numbers: dict[str | None, list[int]] = {}
        for delivery in await received(source, 120):
            numbers.setdefault(delivery.envelope.key, []).append(int(delivery.envelope.body))
        assert numbers == {f"key-{n}": list(range(n, 120, 3)) for n in range(3)}

    async def test_many_tasks_can_send_at_once(self, broker: MessageBroker, source: MessageSource, topic: str) -> None:
        await asyncio.gather(*(broker.send([an_envelope(topic, n)]) for n in range(30)))
        assert sorted(int(d.envelope.body) for d in await received(source, 30)) == list(range(30))

    async def test_sending_an_empty_batch_returns_no_results(self, broker: MessageBroker) -> None:
        assert await broker.send([]) == []

    async def test_start_and_close_can_be_repeated(self, backend: BrokerBackend, topic: str) -> None:
        broker, source = backend.broker(), backend.source(topic, "one")
        await broker.close()
        await source.close()
        for _ in range(2):
            await broker.start()
            await source.start()
        await broker.send([an_envelope(topic, 7)])
        assert int((await received(source, 1))[0].envelope.body) == 7
        for _ in range(2):
            await source.close()
            await broker.close()

    async def test_a_broker_connects_at_the_first_send(
        self, backend: BrokerBackend, source: MessageSource, topic: str
    ) -> None:
        broker = backend.broker()
        try:
            assert await broker.send([an_envelope(topic)]) == [None]
            assert len(await received(source, 1)) == 1
        finally:
            await broker.close()

    async def test_a_message_sent_twice_is_delivered_once_if_the_broker_deduplicates(
        self, backend: BrokerBackend, broker: MessageBroker, source: MessageSource, topic: str
    ) -> None:
        twice, last = an_envelope(topic, 1, key="k"), an_envelope(topic, 2, key="k")
        for envelope in (twice, twice, last):
            assert await broker.send([envelope]) == [None]
        expected = 2 if backend.features.deduplicates else 3
        got = [int(d.envelope.body) for d in await received(source, expected)]
        assert got == ([1, 2] if backend.features.deduplicates else [1, 1, 2])
        assert list(await source.receive(timeout=0.2)) == []


@pytest.mark.asyncio
class MessageSourceConformance(MessageBrokerConformance):
    """Tests for a ``MessageSource`` and its broker; to run them, subclass this and override the fixture ``backend``.

    A back end that passes guarantees, besides what ``MessageBrokerConformance`` tests: each group receives every
    message, and its members share them; a message is delivered again until it is acknowledged; an unreadable
    message delays no other. The order of redeliveries and across members is tested if the ``features`` of the
    source declare it.
    """

    async def test_an_acknowledged_message_is_not_delivered_again(
        self, backend: BrokerBackend, broker: MessageBroker, topic: str
    ) -> None:
        await broker.send([an_envelope(topic, 1)])
        async with backend.source(topic, "one") as source:
            await received(source, 1)
        await broker.send([an_envelope(topic, 2)])
        async with backend.source(topic, "one") as source:
            assert [int(d.envelope.body) for d in await received(source, 1)] == [2]

    async def test_messages_acknowledged_together_are_not_delivered_again(
        self, backend: BrokerBackend, broker: MessageBroker, topic: str
    ) -> None:
        await broker.send([an_envelope(topic, n, key=f"k{n % 2}") for n in range(7)])
        async with backend.source(topic, "one") as source:
            seen: list[int] = []
            while len(seen) < 6:
                deliveries = await received_unacknowledged(source, 6 - len(seen))
                await source.ack(deliveries)
                await source.ack(deliveries)
                seen += [int(d.envelope.body) for d in deliveries]
                for delivery in deliveries:
                    await delivery.nack()  # ignored: the message is acknowledged already
            await source.ack([])
        async with backend.source(topic, "one") as source:
            (left,) = await received(source, 1)
            assert sorted([*seen, int(left.envelope.body)]) == list(range(7))
            assert list(await source.receive(timeout=0.2)) == []

    async def test_an_unacknowledged_message_is_delivered_again_to_another_member(
        self, backend: BrokerBackend, broker: MessageBroker, topic: str
    ) -> None:
        sent = [an_envelope(topic, n, key="k") for n in range(3)]
        await broker.send(sent)
        async with backend.source(topic, "one") as source:
            first, *_ = await received_unacknowledged(source, 3)
            await first.ack()
        async with backend.source(topic, "one") as source:
            again = await received(source, 2)
        assert [int(d.envelope.body) for d in again] == [1, 2]

    async def test_a_nacked_message_is_delivered_again(
        self, broker: MessageBroker, source: MessageSource, topic: str
    ) -> None:
        await broker.send([an_envelope(topic, 1)])
        (delivery,) = await received(source, 1, ack=False)
        await delivery.nack()
        await delivery.nack()
        (again,) = await received(source, 1)
        assert again.envelope == delivery.envelope
        assert again.attempt >= delivery.attempt
        await again.ack()
        assert list(await source.receive(timeout=0.2)) == []

    @pytest.mark.parametrize("delay", [0.0, 0.3], ids=["at once", "delayed"])
    async def test_a_nacked_message_is_delivered_before_later_ones_of_its_key(
        self, broker: MessageBroker, source: MessageSource, topic: str, delay: float
    ) -> None:
        if not source.features.redelivers_in_order:
            pytest.skip("the features of this source do not include `redelivers_in_order`")
        await broker.send([an_envelope(topic, n, key="k") for n in range(4)])
        (first,) = await received(source, 1, ack=False)
        await first.nack(delay)
        await broker.send([an_envelope(topic, n, key="k") for n in range(4, 6)])
        assert await first_numbers(source, 6) == list(range(6))

    @pytest.mark.parametrize("delay", [0.0, 0.3], ids=["at once", "delayed"])
    async def test_messages_nacked_in_any_order_are_delivered_in_the_order_of_their_key(
        self, broker: MessageBroker, source: MessageSource, topic: str, delay: float
    ) -> None:
        if not source.features.redelivers_in_order:
            pytest.skip("the features of this source do not include `redelivers_in_order`")
        await broker.send([an_envelope(topic, n, key="k") for n in range(6)])
        for delivery in reversed(await received_unacknowledged(source, 3)):
            await delivery.nack(delay)
        assert await first_numbers(source, 6) == list(range(6))

    async def test_members_of_a_group_handle_each_key_in_order(
        self, backend: BrokerBackend, broker: MessageBroker, topic: str
    ) -> None:
        async with backend.source(topic, "one") as first, backend.source(topic, "one") as second:
            if not first.features.ordered_across_members:
                pytest.skip("the features of this source do not include `ordered_across_members`")
            await broker.send([an_envelope(topic, n, key=f"k{n % 4}") for n in range(60)])
            done: set[int] = set()
            held: dict[MessageSource, set[int]] = {first: set(), second: set()}

            async def consume(member: MessageSource) -> None:
                while len(done) < 60:
                    deliveries = await member.receive(limit=8, timeout=0.5)
                    for delivery in deliveries:
                        number = int(delivery.envelope.body)
                        earlier = set(range(number % 4, number, 4))
                        assert earlier <= done | held[member], "an earlier message of its key is not handled yet"
                        held[member].add(number)
                    for delivery in deliveries:
                        await asyncio.sleep(0.002)  # work, during which the other member can receive
                        done.add(int(delivery.envelope.body))
                        await delivery.ack()

            async with asyncio.timeout(30):
                await asyncio.gather(consume(first), consume(second))

    async def test_an_unreadable_message_is_delivered_with_the_reason_and_delays_no_other(
        self, broker: MessageBroker, source: MessageSource, topic: str
    ) -> None:
        nameless, unversioned = uuid.uuid4(), uuid.uuid4()
        sent = [
            an_envelope(topic, 0, message_id=f"order-{nameless}"),
            an_envelope(topic, 1, message_id=unversioned, version="two"),
            an_envelope(topic, 2, content_encoding="utf-8"),
        ]
        assert await broker.send(sent) == [None] * 3
        got = {int(d.envelope.body): d.envelope for d in await received(source, 3)}
        assert [got[n].name for n in range(3)] == ["numbered"] * 3
        assert "UUID" in got[0].headers["unreadable"]
        assert "'two'" in got[1].headers["unreadable"]
        assert all(isinstance(got[n].message_id, uuid.UUID) for n in range(3))
        assert (dict(got[2].headers), got[2].content_encoding) == ({}, None)
        assert list(await source.receive(timeout=0.2)) == []

    async def test_each_group_receives_every_message(
        self, backend: BrokerBackend, broker: MessageBroker, topic: str
    ) -> None:
        await broker.send([an_envelope(topic, n) for n in range(5)])
        for group in ("one", "two"):
            async with backend.source(topic, group) as source:
                assert sorted(int(d.envelope.body) for d in await received(source, 5)) == list(range(5))

    async def test_members_of_a_group_share_the_messages(
        self, backend: BrokerBackend, broker: MessageBroker, topic: str
    ) -> None:
        async with backend.source(topic, "one") as first, backend.source(topic, "one") as second:
            await broker.send([an_envelope(topic, n, key=f"k{n}") for n in range(40)])
            seen: list[int] = []

            async def consume(member: MessageSource) -> None:
                while len(set(seen)) < 40:
                    for delivery in await member.receive(limit=5, timeout=0.5):
                        seen.append(int(delivery.envelope.body))
                        await delivery.ack()

            async with asyncio.timeout(30):
                await asyncio.gather(consume(first), consume(second))
        assert sorted(seen) == list(range(40))

    async def test_receiving_without_messages_returns_after_the_timeout(self, source: MessageSource) -> None:
        assert list(await source.receive(timeout=0.05)) == []
