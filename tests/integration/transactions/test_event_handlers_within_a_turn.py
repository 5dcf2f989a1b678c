"""Event handlers within a transaction: one after the other, for a session is for one task."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

import cqrs  # noqa: TC001  # the annotations of handlers are read when the mediator is built
from tests.helpers.errors import Deliberate
from tests.integration.transactions.stand import Happened, Record, Told

if TYPE_CHECKING:
    from tests.integration.transactions.stand import Service


async def test_event_handlers_of_a_turn_run_one_after_the_other(stand: Service) -> None:
    running: list[str] = []
    at_once: list[int] = []

    def handling(what: str) -> Any:
        async def work() -> None:
            running.append(what)
            at_once.append(len(running))
            await stand.write(what)
            await asyncio.sleep(0)
            running.remove(what)

        return work

    async def work(events: cqrs.EventRecorder) -> None:
        events.record(*(Happened(handling(str(number))) for number in range(4)))

    await stand.bootstrap(max_concurrent_event_handlers=10).send(Record(work))
    assert at_once == [1, 1, 1, 1]
    assert await stand.notes() == ["0", "1", "2", "3"]


async def test_an_event_handler_that_fails_undoes_those_before_it(stand: Service) -> None:
    async def work(events: cqrs.EventRecorder) -> None:
        events.record(Happened(stand.writes("one")), Happened(stand.fails("two")), Happened(stand.writes("three")))

    with pytest.raises(Deliberate):
        await stand.bootstrap(max_concurrent_event_handlers=10).send(Record(work))
    assert await stand.notes() == []


async def test_an_event_handler_writes_in_the_transaction_of_the_turn(stand: Service) -> None:
    async def work(events: cqrs.EventRecorder) -> None:
        await stand.write("handler")
        events.record(Happened(stand.writes("event")))

    await stand.record(work)
    assert await stand.notes() == ["handler", "event"]


async def test_events_recorded_by_an_event_handler_are_sent_with_the_transaction(stand: Service) -> None:
    async def handle(event: Happened, events: cqrs.EventRecorder) -> None:
        await event.work()
        events.record(Told(payload="told"))

    async def work(events: cqrs.EventRecorder) -> None:
        events.record(Happened(stand.writes("event")))

    await stand.bootstrap(domain_events_mapper=lambda m: m.bind(Happened, handle)).send(Record(work))
    assert (await stand.notes(), await stand.messages()) == (["event"], ["told"])


async def test_nested_turns_of_several_event_handlers_do_not_cross(stand: Service) -> None:
    async def caught() -> None:
        with pytest.raises(Deliberate):
            await stand.send(stand.fails("undone"))

    async def work(events: cqrs.EventRecorder) -> None:
        events.record(
            Happened(lambda: stand.send(stand.writes("one"))),
            Happened(caught),
            Happened(lambda: stand.send(stand.writes("two"))),
        )

    await stand.bootstrap(max_concurrent_event_handlers=10).send(Record(work))
    assert await stand.notes() == ["one", "two"]
