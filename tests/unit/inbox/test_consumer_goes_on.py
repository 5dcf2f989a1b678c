"""What must not stop a consumer, and what must not stop it without a word."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import pytest

from cqrs.backoff import Backoff
from cqrs.errors import BrokerUnavailable
from cqrs.inbox import MemoryInboxRepository
from cqrs.message_brokers.memory.group import MemoryDelivery
from cqrs.unit_of_work.memory import MemoryUnitOfWork
from cqrs.workers.consumer.consumer import Consumer
from tests.helpers.waiting import AT_ONCE, until
from tests.unit.inbox.stand import Numbered, Stand

if TYPE_CHECKING:
    import datetime as dt

    from cqrs.inbox import TakenSequence

ONCE_ONLY = {"attempts_in_batch": 1, "parked_retries": 0}


@pytest.fixture
def stand() -> Stand:
    return Stand()


class Ajar(MemoryInboxRepository):
    """An inbox that takes messages in, and can do nothing else."""

    chores = 0

    async def clean(self, consumer: str, older_than: dt.timedelta, limit: int = 1000) -> int:
        del consumer, older_than, limit
        self.chores += 1
        raise PermissionError("no right to delete")

    async def take(self, consumer: str, limit: int = 100) -> TakenSequence | None:
        del consumer, limit
        self.chores += 1
        raise PermissionError("no right to update")


@pytest.mark.parametrize("outage", [AT_ONCE, Backoff(first=600.0, longest=600.0)], ids=["soon", "late"])
async def test_a_consumer_that_cannot_clean_or_replay_still_handles_messages(stand: Stand, outage: Backoff) -> None:
    inbox = Ajar(store=stand.store)
    async with stand.running(inbox=inbox, policy={"outage_backoff": outage}):
        for number in range(5):
            await stand.send(number)
            await stand.until(*range(number + 1))
    assert inbox.chores >= 2


async def test_an_acknowledgement_that_fails_leaves_no_delivery_without_a_word(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    ack, failed = MemoryDelivery.ack, list[MemoryDelivery]()

    async def fail_once(delivery: MemoryDelivery) -> None:
        await ack(delivery)
        if not failed:
            failed.append(delivery)
            raise BrokerUnavailable("test", "it takes too long")

    monkeypatch.setattr(MemoryDelivery, "ack", fail_once)
    settled = list[MemoryDelivery]()
    settle = MemoryDelivery.nack

    async def nack(delivery: MemoryDelivery, delay: float = 0.0) -> None:
        settled.append(delivery)
        await settle(delivery, delay)

    monkeypatch.setattr(MemoryDelivery, "nack", nack)
    await stand.send(1, 2, 3)
    async with stand.running():
        await stand.until(1, 2, 3)
        await until(lambda: len(settled) >= 2)
        await stand.send(4)
        await stand.until(1, 2, 3, 4)


@pytest.mark.parametrize(
    "error",
    [asyncio.CancelledError(), BaseExceptionGroup("two", [asyncio.CancelledError(), ValueError("bad")])],
    ids=["alone", "in a group"],
)
async def test_a_handler_that_lets_a_cancellation_out_fails_and_the_worker_goes_on(
    stand: Stand, error: BaseException
) -> None:
    stand.errors = {2: [error] * 9}  # type: ignore[list-item]  # it is no Exception
    await stand.send(1, 2, 3)
    async with stand.running(policy=ONCE_ONLY) as consumer:
        await stand.until(1, 3)
        await stand.until_parked(1)
        assert consumer.is_running
    (parked,) = await stand.inbox.parked.list("c")
    assert "HandlerCancelled" in parked.error


async def test_an_error_that_ends_the_process_does_not_park_the_message(stand: Stand) -> None:
    class Ended(BaseException):
        pass

    stand.errors = {1: [BaseExceptionGroup("the end", [Ended()])] * 9}  # type: ignore[list-item]  # it is no Exception
    await stand.send(1)
    with pytest.raises(BaseExceptionGroup, match="the end"):
        await stand.consumer(policy=ONCE_ONLY).run()
    assert await stand.inbox.parked.list("c") == []


async def test_a_consumer_stopped_between_two_attempts_returns_the_message_and_parks_nothing(stand: Stand) -> None:
    stand.errors = {1: [ValueError("bad")] * 99}
    await stand.send(1, 2, key="a")
    async with stand.running(policy={"attempt_backoff": Backoff(first=600.0, longest=600.0)}):
        await until(lambda: len(stand.tried) >= 2)
    assert stand.tried == [1, 1]
    assert await stand.inbox.parked.list("c") == []
    assert [delivery.envelope.json()["payload"] for delivery in await stand.left()] == [1, 2]


async def test_a_worker_that_is_cancelled_in_a_handler_ends(stand: Stand) -> None:
    inside = asyncio.Event()

    async def wait(_: Numbered) -> None:
        inside.set()
        await asyncio.Event().wait()

    stand.handle = wait  # type: ignore[method-assign]
    stand.bind()
    await stand.send(1)
    consumer = stand.consumer()
    running = asyncio.create_task(consumer.run())
    async with asyncio.timeout(30):
        await inside.wait()
        assert consumer._task is not None
        consumer._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
    assert [delivery.envelope.json()["payload"] for delivery in await stand.left()] == [1]
    assert await stand.inbox.parked.list("c") == []


class Speechless(Exception):
    def __str__(self) -> str:
        raise ValueError("it cannot say what it is")


async def test_a_message_whose_error_has_no_text_is_parked(stand: Stand) -> None:
    stand.errors = {2: [Speechless() for _ in range(99)]}
    await stand.send(1, 2, 3)
    async with stand.running(policy=ONCE_ONLY):
        await stand.until(1, 3)
        await stand.until_parked(1)
    (parked,) = await stand.inbox.parked.list("c")
    assert parked.error == "Speechless: its text cannot be read, ValueError"


def test_a_name_that_no_table_takes_is_refused(stand: Stand) -> None:
    options: dict[str, Any] = {"inbox": stand.inbox, "unit_of_work": MemoryUnitOfWork, "registry": stand.registry}
    with pytest.raises(ValueError, match="128"):
        Consumer(stand.broker.source("t"), stand.mediator, name="c" * 129, **options)


async def test_an_outage_in_the_middle_of_a_batch_that_was_split_keeps_the_order(stand: Stand) -> None:
    stand.errors = {2: [ValueError("at first"), ConnectionResetError()]}
    await stand.send(1, 2, 3, 4, key="a")
    async with stand.running():
        await stand.until(1, 2, 3, 4)
