from __future__ import annotations

import asyncio
import subprocess
import sys
import uuid
from typing import TYPE_CHECKING

import pytest
from aiokafka import AIOKafkaProducer

from cqrs.envelope import Envelope
from cqrs.errors import BrokerUnavailable
from cqrs.message_brokers.kafka.broker import KafkaMessageSource
from cqrs.message_brokers.kafka.connection import KafkaConnection
from cqrs.testing.conformance.message_broker import an_envelope, received
from tests.helpers.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cqrs.message_brokers.source import Delivery
    from tests.integration.kafka.backend import KafkaBackend


async def send(backend: KafkaBackend, envelopes: Iterable[Envelope]) -> None:
    async with backend.broker() as broker:
        assert not any(await broker.send(list(envelopes)))


def bodies(deliveries: Iterable[Delivery]) -> list[int]:
    return [int(delivery.envelope.body) for delivery in deliveries]


async def test_messages_acknowledged_behind_a_gap_are_delivered_again(backend: KafkaBackend, topic: str) -> None:
    await send(backend, [an_envelope(topic, n) for n in range(5)])
    async with backend.source(topic, "one") as source:
        deliveries = await received(source, 5, ack=False)
        for n in (4, 0, 3, 1):
            await deliveries[n].ack()
    async with backend.source(topic, "one") as source:
        assert bodies(await received(source, 3)) == [2, 3, 4]


async def test_a_message_that_was_given_back_holds_back_its_key_only(backend: KafkaBackend, topic: str) -> None:
    await send(backend, [an_envelope(topic, n, key=f"k{n % 2}") for n in range(6)])
    async with backend.source(topic, "one") as source:
        (first,) = await received(source, 1, ack=False)
        await first.nack(delay=1)
        assert bodies(await received(source, 3)) == [1, 3, 5]
        again = await received(source, 3)
    assert bodies(again) == [0, 2, 4]
    assert [d.attempt for d in again] == [2, 1, 1]


async def test_messages_that_were_given_back_come_again_in_their_order(backend: KafkaBackend, topic: str) -> None:
    await send(backend, [an_envelope(topic, n, key="k") for n in range(4)])
    async with backend.source(topic, "one") as source:
        for delivery in reversed(await received(source, 4, ack=False)):
            await delivery.nack()
        assert bodies(await received(source, 4)) == [0, 1, 2, 3]


async def test_no_more_than_a_window_is_fetched_ahead_of_what_is_done(backend: KafkaBackend, topic: str) -> None:
    await send(backend, [an_envelope(topic, n) for n in range(300)])
    async with backend.source(topic, "one", max_unacknowledged=20) as source:
        taken: list[Delivery] = []
        while deliveries := await source.receive(limit=10, timeout=0.5):
            taken += deliveries
        assert bodies(taken) == list(range(20))
        for delivery in taken:
            await delivery.ack()
        assert bodies(await received(source, 280)) == list(range(20, 300))


async def test_a_new_member_waits_for_what_the_old_one_is_at(backend: KafkaBackend, topic: str) -> None:
    await send(backend, [an_envelope(topic, n) for n in range(10)])
    async with backend.source(topic, "one", drain_timeout=60) as old:
        in_flight = await received(old, 10, ack=False)
        new = backend.source(topic, "one")
        joining = asyncio.create_task(new.start())
        await until(lambda: all(window.leaving for window in old._windows.values()))
        for delivery in in_flight:
            await delivery.ack()
        await joining
        await send(backend, [an_envelope(topic, 10)])
        seen: list[int] = []
        while 10 not in seen:
            for member in (old, new):
                for delivery in await member.receive(timeout=0.2):
                    seen += bodies([delivery])
                    await delivery.ack()
        assert seen == [10]
        await new.close()


async def test_a_member_that_lost_a_partition_has_no_say_in_it(backend: KafkaBackend, topic: str) -> None:
    await send(backend, [an_envelope(topic, n) for n in range(3)])
    async with backend.source(topic, "one", drain_timeout=0, commit_interval=0) as old:
        in_flight = await received(old, 3, ack=False)
        async with backend.source(topic, "one", drain_timeout=0) as new:
            for delivery in in_flight:
                await delivery.ack()
            await old.close()
            assert bodies(await received(new, 3, ack=False)) == [0, 1, 2]
    async with backend.source(topic, "one") as third:
        assert bodies(await received(third, 3)) == [0, 1, 2]


async def test_a_partition_that_goes_while_its_offset_is_committed_ends_nothing(
    backend: KafkaBackend, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await send(backend, [an_envelope(topic, n) for n in range(3)])
    async with backend.source(topic, "one", commit_interval=0) as source:
        deliveries = await received(source, 3, ack=False)
        commit, partitions = source._consumer.commit, list(source._windows)

        async def while_others_join(offsets: object) -> None:
            monkeypatch.undo()
            await source.release(partitions)
            await commit(offsets)

        monkeypatch.setattr(source._consumer, "commit", while_others_join)
        await source.ack(deliveries)
        assert source._windows == {}
    async with backend.source(topic, "one") as source:
        assert list(await source.receive(timeout=0.5)) == []


async def test_messages_unsettled_beyond_the_poll_interval_are_delivered_again_and_the_source_still_closes(
    backend: KafkaBackend, kafka_bootstrap: str, topic: str
) -> None:
    await send(backend, [an_envelope(topic, n) for n in range(3)])
    impatient = {"max_poll_interval_ms": 1000, "session_timeout_ms": 6000}
    connection = KafkaConnection(bootstrap_servers=kafka_bootstrap, options=impatient)
    slow = KafkaMessageSource(connection, topic, f"{topic}-one")
    in_hand = await received(slow, 3, ack=False)
    async with backend.source(topic, "one") as other:
        assert bodies(await received(other, 3)) == [0, 1, 2]  # the driver has left the group by itself
        await slow.ack(in_hand)
        await slow.close()
    async with backend.source(topic, "one") as patient:
        assert list(await patient.receive(timeout=0.5)) == []
        assert patient._consumer._coordinator._max_poll_interval == 3600


async def test_when_a_member_is_killed_another_goes_on_where_it_was(
    backend: KafkaBackend, kafka_bootstrap: str, topic: str
) -> None:
    await send(backend, [an_envelope(topic, n) for n in range(10)])
    command = [sys.executable, "-m", "tests.integration.kafka.member", kafka_bootstrap, topic, f"{topic}-one", "10"]
    member = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    try:
        assert member.stdout is not None
        assert [int(await member.stdout.readline()) for _ in range(10)] == list(range(10))
    finally:
        member.kill()
        await member.wait()
    async with backend.source(topic, "one") as other:
        assert bodies(await received(other, 5)) == [5, 6, 7, 8, 9]


async def test_messages_of_other_producers_are_identified_by_their_offset(
    backend: KafkaBackend, kafka_bootstrap: str, topic: str
) -> None:
    async with AIOKafkaProducer(bootstrap_servers=kafka_bootstrap) as producer:
        for key in (b"k", b"\xff", None):
            await producer.send_and_wait(topic, b"{}", key=key, headers=[("origin", b"legacy"), ("bare", None)])
    ids: list[list[uuid.UUID]] = []
    for group in ("one", "two"):
        async with backend.source(topic, group) as source:
            envelopes = [delivery.envelope for delivery in await received(source, 3)]
            ids.append([envelope.message_id for envelope in envelopes])
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 3
    assert [(e.name, e.key, e.body) for e in envelopes] == [(topic, key, b"{}") for key in ("k", "\\xff", None)]
    assert envelopes[0].headers == {"origin": "legacy", "bare": ""}


async def test_messages_of_other_producers_can_be_read_by_a_custom_function(
    backend: KafkaBackend, kafka_bootstrap: str, topic: str
) -> None:
    async with AIOKafkaProducer(bootstrap_servers=kafka_bootstrap) as producer:
        await producer.send_and_wait(topic, b"{}", headers=[("Id", str(uuid.UUID(int=7)).encode())])

    def read(record: object) -> Envelope:
        ((_, raw),) = record.headers  # type: ignore[attr-defined]
        return Envelope(message_id=uuid.UUID(raw.decode()), name="legacy", topic=topic, body=b"")

    async with backend.source(topic, "one", read=read) as source:
        (delivery,) = await received(source, 1)
    assert (delivery.envelope.message_id, delivery.envelope.name) == (uuid.UUID(int=7), "legacy")


async def test_messages_of_an_aborted_transaction_are_not_received(
    backend: KafkaBackend, kafka_bootstrap: str, topic: str
) -> None:
    async with AIOKafkaProducer(bootstrap_servers=kafka_bootstrap, transactional_id=topic) as producer:
        for number, wanted in enumerate([True, False, True]):
            await producer.begin_transaction()
            await (await producer.send(topic, str(number).encode()))
            await (producer.commit_transaction() if wanted else producer.abort_transaction())
    async with backend.source(topic, "one") as source:
        assert bodies(await received(source, 2)) == [0, 2]
    async with backend.source(topic, "one") as source:
        assert list(await source.receive(timeout=0.3)) == []


async def test_a_server_that_is_not_there_is_an_outage() -> None:
    source = KafkaMessageSource("127.0.0.1:1", "t", "g", timeout=5)
    with pytest.raises(BrokerUnavailable):
        await source.receive()
    await source.close()
