from __future__ import annotations

import asyncio
import gc
import logging
from typing import TYPE_CHECKING

import pytest

from cqrs.errors import BrokerUnavailable
from cqrs.inbox.memory.repository import MemoryInboxRepository
from cqrs.testing.conformance.message_broker import an_envelope, received
from cqrs.unit_of_work.memory import MemoryUnitOfWork
from cqrs.workers.consumer.consumer import Consumer
from cqrs.workers.consumer.policy import ConsumerPolicy, ConsumerVerdict, verdict
from tests.helpers.waiting import until
from tests.integration.kafka.backend import KafkaBackend
from tests.integration.message_brokers.restarts import numbers_until

if TYPE_CHECKING:
    from cqrs.envelope import Envelope
    from cqrs.message_brokers.kafka.broker import KafkaMessageBroker
    from tests.servers import Server


class Sender:
    """Sends numbered messages of five keys without end, and sends again what failed, as a relay does."""

    def __init__(self, broker: KafkaMessageBroker, topic: str) -> None:
        self.confirmed: list[int] = []
        self.outages = 0
        self._broker = broker
        self._topic = topic
        self._changed = asyncio.Condition()

    async def run(self) -> None:
        waiting: list[Envelope] = []
        number = 0
        while True:
            while len(waiting) < 50:
                waiting.append(an_envelope(self._topic, number, key=f"k{number % 5}"))
                number += 1
            errors = await self._broker.send(waiting)
            assert {type(error) for error in errors if error} <= {BrokerUnavailable}
            self.confirmed += [int(e.body) for e, error in zip(waiting, errors, strict=True) if error is None]
            waiting = [e for e, error in zip(waiting, errors, strict=True) if error is not None]
            self.outages += bool(waiting)
            async with self._changed:
                self._changed.notify_all()

    async def until_confirmed(self, more: int) -> None:
        goal = len(self.confirmed) + more
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.confirmed) >= goal)

    async def until_outage(self) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self.outages > 0)


async def test_nothing_that_was_confirmed_is_lost_when_the_server_is_killed(kafka_server: Server) -> None:
    backend = KafkaBackend(kafka_server.address)
    await backend.create("numbers", partitions=3)
    broker = backend.broker(timeout=3, retry_count=1, retry_delay=0.2)
    sender = Sender(broker, "numbers")
    sending = asyncio.create_task(sender.run())
    await sender.until_confirmed(500)
    await asyncio.to_thread(kafka_server.kill)
    await sender.until_outage()
    await asyncio.to_thread(kafka_server.start)
    await sender.until_confirmed(500)
    sending.cancel()
    await asyncio.wait([sending])
    await broker.close()

    first: dict[int, None] = {}
    async with backend.source("numbers", "reader") as source:
        while not first.keys() >= set(sender.confirmed):
            for delivery in await received(source, 1):
                first.setdefault(int(delivery.envelope.body))
    for key in range(5):
        of_key = [number for number in first if number % 5 == key]
        assert of_key == sorted(of_key)


async def test_a_short_restart_is_not_noticed(kafka_server: Server) -> None:
    backend = KafkaBackend(kafka_server.address)
    await backend.create("numbers")
    async with backend.broker(timeout=90) as broker, backend.source("numbers", "one", timeout=90) as source:
        assert await broker.send([an_envelope("numbers", 0)]) == [None]
        (delivery,) = await received(source, 1, ack=False)
        restarting = asyncio.create_task(asyncio.to_thread(kafka_server.restart))
        assert await broker.send([an_envelope("numbers", 1)]) == [None]
        await restarting
        await delivery.ack()
        assert [int(d.envelope.body) for d in await received(source, 1)] == [1]


async def test_a_source_with_nothing_to_commit_reports_an_outage_and_recovers(kafka_server: Server) -> None:
    backend = KafkaBackend(kafka_server.address)
    await backend.create("numbers")
    async with backend.broker(timeout=3) as broker, backend.source("numbers", "one", timeout=3) as source:
        assert await broker.send([an_envelope("numbers", 0)]) == [None]
        await received(source, 1)
        assert list(await source.receive(timeout=0.1)) == []  # the server knows what is done
        await asyncio.to_thread(kafka_server.kill)
        with pytest.raises(BrokerUnavailable):
            async with asyncio.timeout(60):
                while True:
                    assert list(await source.receive(timeout=30)) == []
        with pytest.raises(BrokerUnavailable):
            await source.receive()
        await asyncio.to_thread(kafka_server.start)
        while await broker.send([an_envelope("numbers", 1)]) != [None]:
            pass
        assert await numbers_until(source, 1) == [1]
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_cluster_that_is_silent_because_there_is_nothing_is_not_away(backend: KafkaBackend, topic: str) -> None:
    async with backend.source(topic, "one", timeout=3) as source:
        assert list(await source.receive(timeout=10)) == []


async def test_a_consumer_that_waits_for_messages_sees_an_outage_through(kafka_server: Server) -> None:
    backend = KafkaBackend(kafka_server.address)
    await backend.create("numbers")
    away = asyncio.Event()
    handled: asyncio.Queue[str] = asyncio.Queue()

    def judged(error: Exception) -> ConsumerVerdict:
        away.set()
        return verdict(error)

    class Handler:
        def handles(self, event_type: type) -> bool:
            return event_type is str

        async def send(self, event: object) -> None:
            handled.put_nowait(str(event))

    consumer = Consumer(
        backend.source("numbers", "one", timeout=3),
        Handler(),
        name="numbers",
        inbox=MemoryInboxRepository(),
        unit_of_work=MemoryUnitOfWork,
        decode=lambda envelope: envelope.body.decode(),
        policy=ConsumerPolicy(classify=judged),
    )
    async with backend.broker(timeout=3) as broker, consumer:
        await consumer.started()
        await asyncio.to_thread(kafka_server.kill)  # before there was anything to commit
        async with asyncio.timeout(60):
            await away.wait()
        await asyncio.to_thread(kafka_server.start)
        while await broker.send([an_envelope("numbers", 1)]) != [None]:
            pass
        assert await handled.get() == "1"


async def test_an_outage_leaves_nothing_for_the_garbage_collector(kafka_server: Server) -> None:
    complaints: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(str(context)))
    backend = KafkaBackend(kafka_server.address)
    await backend.create("numbers", partitions=3)
    envelopes = [an_envelope("numbers", number, key=f"k{number}") for number in range(30)]
    broker = backend.broker(timeout=3)
    assert await broker.send(envelopes) == [None] * 30
    await asyncio.to_thread(kafka_server.kill)
    assert {type(error) for error in await broker.send(envelopes)} == {BrokerUnavailable}
    await broker.close()
    gc.collect()
    await asyncio.sleep(0)
    assert complaints == []
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_an_outage_names_the_unreachable_cluster_and_its_messages_arrive_once(
    kafka_server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("aiokafka").setLevel(logging.NOTSET)  # another test's broker may have set a level
    backend = KafkaBackend(kafka_server.address)
    await backend.create("numbers")
    broker, source = backend.broker(timeout=60), backend.source("numbers", "one", timeout=60)
    async with broker, source:
        assert await broker.send([an_envelope("numbers", 0)]) == [None]
        await received(source, 1)
        await asyncio.to_thread(kafka_server.kill)
        envelopes = [an_envelope("numbers", n, key="k") for n in range(1, 30)]
        for _ in range(3):  # as a relay does, which waits for a while and sends all again
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5):
                    await broker.send(envelopes)
        receiving = asyncio.create_task(received(source, 29))
        await until(lambda: "does not answer" in caplog.text)
        sending = asyncio.create_task(broker.send(envelopes))
        await asyncio.to_thread(kafka_server.start)
        assert await sending == [None] * 29
        assert [int(delivery.envelope.body) for delivery in await receiving] == list(range(1, 30))
        assert list(await source.receive(timeout=0.5)) == []
    ours = [record.getMessage() for record in caplog.records if record.name == "cqrs"]
    assert f"Kafka at {kafka_server.address} does not answer, waiting for it: no answer for" in ours[0]
    assert "answers again" in ours[1]
    assert {record.name for record in caplog.records if record.name.startswith("aiokafka")} == set()
