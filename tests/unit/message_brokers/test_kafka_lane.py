"""The way to one partition, over a road that a test opens and closes."""

from __future__ import annotations

import asyncio
from typing import Any

from cqrs.message_brokers.kafka.lane import Call, Lane, Record


class Batch(list[bytes]):
    def append(self, *, value: bytes, **_: Any) -> bytes:  # type: ignore[override]
        super().append(value)
        return value

    def close(self) -> None:
        """Nothing more comes."""


class Road:
    """Keeps what it was given until it is open, as a driver does in an outage."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.given: list[bytes] = []

    def new_batch(self) -> Batch:
        return Batch()

    async def send_batch(self, batch: Batch, topic: str, partition: int, size: int) -> None:
        self.given += batch
        await self.open.wait()

    def lose(self, error: Exception) -> None:
        raise error


def records(*bodies: bytes) -> list[Record]:
    return [Record("t", b"k", body, [("message-id", body)]) for body in bodies]


async def test_a_record_under_way_for_an_abandoned_call_is_not_sent_twice() -> None:
    road = Road()
    lane = Lane(road, "t", 0)
    first = Call(records(b"1", b"2"))
    for record in first.records:
        lane.put(record, first)
    await asyncio.sleep(0)
    assert road.given == [b"1", b"2"]
    lane.abandon(first)
    second = Call(records(b"2", b"1", b"3"))
    for record in second.records:
        lane.put(record, second)
    road.open.set()
    assert await second.results() == [None] * 3
    assert road.given == [b"1", b"2", b"3"]


async def test_a_record_that_another_call_waits_for_is_sent_for_each() -> None:
    road = Road()
    lane = Lane(road, "t", 0)
    calls = [Call(records(b"1")), Call(records(b"1"))]
    for call in calls:
        lane.put(call.records[0], call)
        await asyncio.sleep(0)
    road.open.set()
    for call in calls:
        assert await call.results() == [None]
    assert road.given == [b"1", b"1"]


async def test_a_record_confirmed_for_an_abandoned_call_is_sent_again() -> None:
    road = Road()
    road.open.set()
    lane = Lane(road, "t", 0)
    first, second = Call(records(b"1")), Call(records(b"1"))
    lane.put(first.records[0], first)
    await first.results()
    lane.abandon(first)
    lane.put(second.records[0], second)
    assert await second.results() == [None]
    assert road.given == [b"1", b"1"]
