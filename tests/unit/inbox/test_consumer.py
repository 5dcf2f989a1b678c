from __future__ import annotations

import datetime as dt
from contextlib import suppress
from typing import Any

import pytest

import cqrs
from cqrs.deserializers import DeserializeJsonError
from cqrs.errors import BrokerUnavailable, UnitOfWorkStateError, UnknownEvent
from cqrs.events.bootstrap import bootstrap
from cqrs.message_brokers.memory.group import MemoryDelivery
from cqrs.message_brokers.protocol import Message
from cqrs.testing.faults import Fault, crash_matrix, failpoint, trace
from cqrs.unit_of_work import current_unit_of_work
from cqrs.unit_of_work.memory import MemoryUnitOfWork
from cqrs.workers.consumer.consumer import ConsumerVerdict
from tests.helpers.errors import Deliberate
from tests.helpers.waiting import until
from tests.unit.inbox.stand import Numbered, Stand

ONCE_ONLY = {"attempts_in_batch": 1, "parked_retries": 0}


@pytest.fixture
def stand() -> Stand:
    return Stand()


async def test_messages_take_effect_in_order_and_are_acknowledged(stand: Stand) -> None:
    await stand.send(1, 2, 3)
    async with stand.running() as consumer:
        await consumer.started()
        await stand.until(1, 2, 3)
        await stand.send(4)
        await stand.until(1, 2, 3, 4)
    assert await stand.left() == []


async def test_a_message_that_is_sent_again_has_no_second_effect(stand: Stand) -> None:
    await stand.send(1)
    again = stand.broker.sent[0]
    async with stand.running():
        await stand.until(1)
        await stand.broker.send_message(again)
        await stand.send(2)
        await stand.until(1, 2)
    assert await stand.left() == []


async def test_a_lost_acknowledgement_costs_nothing(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    ack = MemoryDelivery.ack
    lost: list[MemoryDelivery] = []

    async def lose_once(delivery: MemoryDelivery) -> None:
        if not lost:
            lost.append(delivery)
            await delivery.nack()
            raise BrokerUnavailable("memory", "it hangs")
        await ack(delivery)

    monkeypatch.setattr(MemoryDelivery, "ack", lose_once)
    await stand.send(1)
    async with stand.running():
        await stand.until(1)
        await stand.send(2)
        await stand.until(1, 2)
    assert lost
    assert await stand.left() == []


async def test_an_error_at_any_point_has_no_effect_twice() -> None:
    async def run(stand: Stand) -> None:
        stand.errors[1] = [Deliberate() for _ in range(5)]  # in its batch, alone until it is parked, and once more
        await stand.send(1, 2, 3)
        with suppress(Fault):
            async with stand.running() as consumer:
                await until(lambda: len(stand.effects) >= 3 or not consumer.is_running)

    with trace() as passages:
        await run(Stand())
    assert len({one.point for one in passages}) > 10
    for one in crash_matrix(passages, "raise"):
        stand = Stand()
        with failpoint(one.point, one.count):
            await run(stand)
        async with stand.running():
            await until(lambda: len(stand.effects) >= 3)  # noqa: B023  # it is awaited here
        assert (str(one), sorted(stand.effects), await stand.left()) == (str(one), [1, 2, 3], [])


async def test_a_failing_message_is_tried_again_alone_and_the_others_take_effect(stand: Stand) -> None:
    stand.errors[3] = [Deliberate(), Deliberate()]
    await stand.send(1, 2, 3, 4)
    async with stand.running():
        await stand.until(1, 2, 3, 4)
    assert await stand.inbox.parked.list("c") == []


async def test_poison_parks_its_key_and_other_keys_go_on(stand: Stand) -> None:
    stand.errors[1] = [Deliberate("bad")] * 100
    await stand.send(1, 2, key="a")
    await stand.send(3, key="b")
    await stand.send(4)
    async with stand.running(policy=ONCE_ONLY):
        await stand.until(3, 4)
        await stand.send(5, key="a")
        await stand.send(6, key="b")
        await stand.until(3, 4, 6)
        await stand.until_parked(1)
        (parked,) = await stand.inbox.parked.list("c")
        assert (parked.error, parked.behind) == ("Deliberate: bad", 2)
        stand.errors.clear()
        await stand.inbox.parked.replay("c", key="a")
        await stand.until(3, 4, 6, 1, 2, 5)
        await stand.send(7, key="a")
        await stand.until(3, 4, 6, 1, 2, 5, 7)
    assert await stand.left() == []


async def test_a_parked_message_is_tried_again_until_its_budget_is_spent(stand: Stand) -> None:
    stand.errors[1] = [Deliberate()] * 100
    await stand.send(1)
    async with stand.running(policy={"attempts_in_batch": 2, "parked_retries": 3}):
        await stand.until_parked(1)
    (parked,) = await stand.inbox.parked.list("c")
    assert parked.attempts == 4
    assert len(stand.tried) == 2 + 3
    assert stand.effects == []


async def test_automatic_retries_bring_the_key_back_in_order(stand: Stand) -> None:
    stand.errors[1] = [Deliberate()] * 4
    await stand.send(1, 2, 3, key="a")
    async with stand.running(policy={"attempts_in_batch": 2}):
        await stand.until(1, 2, 3)
    assert await stand.inbox.parked.list("c") == []


async def test_a_second_poison_behind_the_first_is_the_next_to_be_tried(stand: Stand) -> None:
    stand.errors |= {1: [Deliberate()] * 3, 3: [Deliberate()] * 3}
    await stand.send(1, 2, 3, 4, key="a")
    async with stand.running(policy={"attempts_in_batch": 1, "parked_retries": 5}):
        await stand.until(1, 2, 3, 4)


@pytest.mark.parametrize("error", [BrokerUnavailable("b", "away"), ConnectionResetError(), TimeoutError()])
async def test_an_outage_parks_nothing_however_long_it_lasts_and_keeps_the_order(
    stand: Stand, error: Exception
) -> None:
    stand.errors[2] = [error] * 50
    await stand.send(1, 2, 3, key="a")
    async with stand.running(policy=ONCE_ONLY):
        await stand.until(1, 2, 3)
    assert await stand.inbox.parked.list("c") == []


async def test_an_outage_while_a_parked_message_is_tried_spends_none_of_its_budget(stand: Stand) -> None:
    stand.errors[1] = [Deliberate(), *[ConnectionResetError()] * 20]
    await stand.send(1)
    async with stand.running(policy={"attempts_in_batch": 1, "parked_retries": 1}):
        await stand.until(1)


async def test_messages_held_in_an_outage_are_returned_when_the_consumer_stops(stand: Stand) -> None:
    stand.errors[2] = [ConnectionResetError()] * 10**6
    await stand.send(1, 2, 3)
    async with stand.running():
        await until(lambda: stand.tried.count(2) >= 3)
    assert stand.effects == []
    assert [delivery.envelope.json()["payload"] for delivery in await stand.left()] == [1, 2, 3]


async def test_the_source_may_be_away(stand: Stand) -> None:
    source = stand.broker.source(stand.topic, group="g")
    receive, errors = source.receive, [BrokerUnavailable("b", "away"), ConnectionRefusedError()]

    async def flaky(*given: Any) -> Any:
        if errors:
            raise errors.pop()
        return await receive(*given)

    source.receive = flaky  # type: ignore[method-assign]
    await stand.send(1)
    consumer = stand.consumer()
    consumer._source = source
    async with consumer:
        await stand.until(1)
    assert errors == []


async def test_an_unknown_or_unhandled_or_unreadable_message_is_parked_at_once(stand: Stand) -> None:
    class Unhandled(cqrs.NotificationEvent[int]):
        event_name: str = "unhandled"

    stand.registry.register(Unhandled, "unhandled")
    await stand.send(1, name="unknown")
    await stand.send(2, name="unhandled")
    await stand.broker.send_message(Message("numbered", stand.topic, b"no json"))
    await stand.send(3)
    async with stand.running(policy={"parked_retries": 0}):
        await stand.until(3)
        await stand.until_parked(3)
    errors = [parked.error.partition(":")[0] for parked in await stand.inbox.parked.list("c")]
    assert errors == ["UnknownEvent", "EventUnhandled", DeserializeJsonError.__name__]
    assert await stand.left() == []


async def test_unknown_messages_can_be_skipped(stand: Stand) -> None:
    class Unhandled(cqrs.NotificationEvent[int]):
        event_name: str = "unhandled"

    stand.registry.register(Unhandled, "unhandled")
    await stand.send(1, name="unknown")
    await stand.send(2, name="unhandled")
    await stand.send(3)
    async with stand.running(policy={"on_unknown": "skip"}):
        await stand.until(3)
    assert await stand.inbox.parked.list("c") == []
    assert await stand.left() == []


async def test_an_event_that_a_deploy_makes_known_is_handled_by_the_new_version(stand: Stand) -> None:
    """O9: the consumer of the old version parks, and does not drop."""
    await stand.send(1, name="from_tomorrow")
    async with stand.running(policy={"parked_retries": 0}):
        await stand.until_parked(1)
    stand.registry.register(Numbered, "from_tomorrow")
    await stand.inbox.parked.replay("c")
    async with stand.running():
        await stand.until(1)


async def test_the_verdict_on_an_error_is_data(stand: Stand) -> None:
    def skip(error: Exception) -> ConsumerVerdict:
        return ConsumerVerdict.SKIP if isinstance(error, Deliberate) else ConsumerVerdict.POISON

    stand.errors |= {1: [Deliberate(), Deliberate()], 2: [ConnectionResetError(), ConnectionResetError()]}
    await stand.send(1, 2, 3)
    async with stand.running(policy={"classify": skip, "parked_retries": 0}):
        await stand.until(3)
        await stand.until_parked(1)
    (parked,) = await stand.inbox.parked.list("c")
    assert parked.envelope.json()["payload"] == 2
    assert stand.tried.count(1) == 2  # with the others, and alone


async def test_a_handler_cannot_end_the_transaction_of_the_others(stand: Stand) -> None:
    async def commit(event: Numbered) -> None:
        await stand.handle(event)
        unit = current_unit_of_work()
        assert unit is not None
        if event.payload == 1:
            await unit.commit()

    stand.mediator = cqrs.events.bootstrap.bootstrap(events_mapper=lambda m: m.bind(Numbered, commit))
    await stand.send(1, 2)
    async with stand.running(policy=ONCE_ONLY):
        await stand.until(2)
        await stand.until_parked(1)
    (parked,) = await stand.inbox.parked.list("c")
    assert parked.error.startswith("UnitOfWorkStateError")


async def test_two_workers_of_one_consumer_share_the_work_and_keep_the_order(stand: Stand) -> None:
    stand.errors[5] = [Deliberate()] * 3
    async with stand.running(policy={"attempts_in_batch": 2, "batch_size": 2}), stand.running(policy={"batch_size": 3}):
        for number in range(20):
            await stand.send(number, key="a")
        await stand.until(*range(20))


async def test_old_marks_are_removed_by_the_worker(stand: Stand) -> None:
    await stand.send(1)
    async with stand.running(policy={"retention": dt.timedelta(0), "cleanup_every": 0.0}):
        await stand.until(1)
        await until(lambda: not stand.store.marks["c"])


async def test_an_error_that_waiting_does_not_mend_ends_the_service(stand: Stand) -> None:
    class Foreign:
        pass

    await stand.send(1)
    consumer = stand.consumer(unit_of_work=Foreign)
    with pytest.raises(UnitOfWorkStateError, match="Foreign, not a UnitOfWork"):
        await consumer.run()


async def test_it_can_be_stopped_twice_and_before_the_start_and_started_again(stand: Stand) -> None:
    consumer = stand.consumer()
    await consumer.stop()
    for number in (1, 2):
        await stand.send(number)
        await consumer.start()
        await consumer.start()
        await consumer.started()
        await stand.until(*range(1, number + 1))
        await consumer.stop()
        await consumer.stop()


async def test_it_takes_either_a_registry_or_a_decoder(stand: Stand) -> None:
    def read(envelope: Any) -> Numbered:
        if envelope.name == "nothing":
            raise UnknownEvent("nothing", 1)
        return Numbered(payload=7)

    with pytest.raises(TypeError, match="either"):
        stand.consumer(decode=read)
    await stand.send(1)
    async with stand.running(registry=None, decode=read):
        await stand.until(7)


@pytest.mark.parametrize("place", [0, 20, 39])
async def test_a_message_whose_error_is_swallowed_costs_each_other_one_a_single_try_more(
    stand: Stand, place: int
) -> None:
    """The batch stops at it, so that it is known which one it is."""

    async def swallow(request: Any, handle: Any) -> Any:
        try:
            return await handle(request)
        except Deliberate:
            return None

    stand.errors[place] = [Deliberate()] * 100
    stand.mediator = bootstrap(
        events_mapper=lambda m: m.bind(Numbered, stand.handle),
        middlewares=[swallow, cqrs.TransactionMiddleware(MemoryUnitOfWork)],
    )
    await stand.send(*range(40))
    async with stand.running(policy=ONCE_ONLY | {"batch_size": 40}):
        await stand.until(*(number for number in range(40) if number != place))
    assert len(stand.tried) <= 2 * 40
