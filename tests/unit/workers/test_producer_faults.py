"""A plain loop is not held up for ever by one message that looks like an outage."""

from __future__ import annotations

from cqrs.errors import BrokerUnavailable
from cqrs.producer import EventProducer
from cqrs.testing.conformance.outbox import numbered
from cqrs.testing.conformance.relay import AWAY, InOrderBroker
from tests.unit.workers.test_outbox_relay import Outbox


async def rounds(producer: EventProducer, outbox: Outbox, count: int) -> None:
    batches = producer.event_batch_generator()
    for _ in range(count):
        for event in await anext(batches):
            await producer.send_message(event)
        await outbox.commit()
    await batches.aclose()


async def test_others_leave_though_the_first_one_always_looks_like_an_outage() -> None:
    outbox, broker = Outbox(), InOrderBroker({0: AWAY})
    await outbox.fill(*range(6), key=lambda n: f"key {n % 3}")
    producer = EventProducer(broker, outbox, poll_interval=0)
    await rounds(producer, outbox, 12)
    assert broker.arrived() == [1, 2, 4, 5]
    (bad, *_) = outbox.store.rows.values()
    assert bad.attempts >= 1
    broker.errors.clear()
    await rounds(producer, outbox, 1)
    assert broker.arrived() == [1, 2, 4, 5, 0, 3]


async def test_an_outage_ends_a_batch_and_counts_nothing() -> None:
    outbox, broker = Outbox(), InOrderBroker(dict.fromkeys(range(6), AWAY))
    await outbox.fill(*range(6))
    producer = EventProducer(broker, outbox, poll_interval=0)
    await rounds(producer, outbox, 25)
    assert len(broker.tried) == 25
    assert {row.attempts for row in outbox.store.rows.values()} == {0}


async def test_a_message_for_which_the_broker_raises_stays_in_the_outbox_and_others_are_sent() -> None:
    class Raising(InOrderBroker):
        async def send(self, envelopes: object) -> list[Exception | None]:
            results = await super().send(envelopes)  # type: ignore[arg-type]
            if results[0] is not None:
                raise results[0]
            return results

    outbox, broker = Outbox(), Raising({1: KeyError("odd")})
    await outbox.fill(*range(3))
    await rounds(EventProducer(broker, outbox, poll_interval=0), outbox, 1)
    assert broker.arrived() == [0, 2]


async def test_a_topic_without_takers_delays_its_own_messages_alone() -> None:
    nowhere = BrokerUnavailable("broker", "no queue", "bind one", topic="numbers")
    outbox, broker = Outbox(), InOrderBroker(dict.fromkeys(range(0, 40, 2), nowhere))
    for n in range(40):
        async with outbox as session:
            outbox.add(session, numbered(n, "there" if n % 2 else "numbers"))
            await outbox.commit(session)
    await rounds(EventProducer(broker, outbox, poll_interval=0), outbox, 1)
    assert broker.arrived() == list(range(1, 40, 2))
    await rounds(EventProducer(broker, outbox, poll_interval=0), outbox, 30)
    assert {row.attempts for row in outbox.store.rows.values()} <= {0}
    broker.errors.clear()
    await rounds(EventProducer(broker, outbox, poll_interval=0), outbox, 1)
    assert broker.arrived()[20:] == list(range(0, 40, 2))
