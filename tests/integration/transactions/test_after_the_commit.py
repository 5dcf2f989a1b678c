"""Failures after the commit are raised with the answer, and never look like "nothing has happened"."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

import cqrs
from cqrs.errors import AfterCommitError
from cqrs.message_brokers.memory.broker import MemoryMessageBroker
from cqrs.middlewares.transaction import TransactionMiddleware
from cqrs.requests.bootstrap import bootstrap
from cqrs.unit_of_work import current_unit_of_work
from tests.helpers.errors import Deliberate
from tests.helpers.waiting import AT_ONCE
from tests.integration.transactions.consuming import consumed, filled
from tests.integration.transactions.stand import Ordered, Record, Run, Told, bind, run

if TYPE_CHECKING:
    from cqrs.message_brokers.protocol import Message
    from tests.integration.transactions.stand import Service


def after_commit(callback: Any) -> None:
    unit = current_unit_of_work()
    assert unit is not None
    unit.after_commit(callback)


async def fail() -> None:
    raise Deliberate


def writes_and_fails_later(stand: Service, what: str = "one") -> Any:
    """Work that is committed, and what is to follow fails."""

    async def work() -> str:
        await stand.write(what)
        after_commit(fail)
        return "answer"

    return work


async def test_the_caller_gets_the_answer_and_the_errors(stand: Service) -> None:
    with pytest.raises(AfterCommitError) as caught:
        await stand.send(writes_and_fails_later(stand))
    assert caught.value.answer == "answer"
    assert [type(error) for error in caught.value.errors] == [Deliberate]
    assert await stand.notes() == ["one"]


async def test_every_callback_is_called_although_one_fails(stand: Service) -> None:
    called: list[str] = []

    async def call() -> None:
        called.append("called")

    async def work() -> None:
        await stand.write("one")
        for callback in (fail, call, fail):
            after_commit(callback)

    with pytest.raises(AfterCommitError) as caught:
        await stand.send(work)
    assert (len(caught.value.errors), called) == (2, ["called"])


async def test_a_callback_sees_what_is_committed(stand: Service) -> None:
    seen: list[Any] = []

    async def look() -> None:
        async with stand.db.transaction() as session:
            seen.append((await session.connection()) is not None)
        seen.append(await stand.notes())

    async def work() -> None:
        await stand.write("one")
        after_commit(look)

    await stand.send(work)
    assert seen == [True, ["one"]]


async def test_a_callback_may_send_another_command(stand: Service) -> None:
    async def follow() -> None:
        await stand.send(stand.writes("two"))

    async def work() -> None:
        await stand.write("one")
        after_commit(follow)

    await stand.send(work)
    assert await stand.notes() == ["one", "two"]


async def test_a_callback_of_a_savepoint_that_was_undone_is_not_called(stand: Service) -> None:
    async def inner() -> None:
        await stand.write("undone")
        after_commit(fail)
        raise Deliberate

    async def work() -> None:
        with pytest.raises(Deliberate):
            await stand.send(inner)
        await stand.write("one")

    await stand.send(work)
    assert await stand.notes() == ["one"]


async def test_a_callback_of_a_turn_that_failed_is_not_called(stand: Service) -> None:
    async def work() -> None:
        after_commit(_must_not_be_called)
        await stand.fails("undone")()

    with pytest.raises(Deliberate):
        await stand.send(work)


async def test_a_callback_of_a_nested_turn_waits_for_the_outer_commit(stand: Service) -> None:
    called: list[list[str]] = []

    async def call() -> None:
        called.append(await stand.notes())

    async def inner() -> None:
        await stand.write("inner")
        after_commit(call)

    async def work() -> None:
        await stand.send(inner)
        assert called == []
        await stand.write("outer")

    await stand.send(work)
    assert called == [["inner", "outer"]]


async def test_no_retry_repeats_what_was_committed(stand: Service) -> None:
    retry = cqrs.RetryMiddleware(cqrs.Retry(5, backoff=AT_ONCE, on=(Exception,)))
    with pytest.raises(AfterCommitError):
        await stand.bootstrap(middlewares=[retry]).send(Run(writes_and_fails_later(stand)))
    assert await stand.notes() == ["one"]


async def test_no_fallback_takes_over_after_the_commit(stand: Service) -> None:
    """The fallback stands within the turn, so it does not see the commit."""

    async def stand_in(request: Run) -> str:
        raise AssertionError

    mediator = stand.bootstrap(commands_mapper=lambda m: m.bind(Run, cqrs.RequestHandlerFallback(run, stand_in)))
    with pytest.raises(AfterCommitError):
        await mediator.send(Run(writes_and_fails_later(stand)))
    assert await stand.notes() == ["one"]


async def test_a_block_raises_it_too(stand: Service) -> None:
    with pytest.raises(AfterCommitError):
        async with stand.db.transaction():
            await writes_and_fails_later(stand)()
    assert await stand.notes() == ["one"]


async def test_a_consumer_logs_it_and_acknowledges(stand: Service, caplog: pytest.LogCaptureFixture) -> None:
    async def handle(event: Ordered) -> None:
        await writes_and_fails_later(stand, str(event.payload))()

    broker = await filled(3)
    with caplog.at_level(logging.ERROR, "cqrs"):
        await consumed(stand.consumer(broker.source("orders"), handle), broker, stand)
    assert sorted(await stand.notes()) == ["0", "1", "2"]
    assert "has committed a batch, but a step after the commit has failed" in caplog.text
    async with broker.source("orders") as source:
        assert list(await source.receive(10, 0.01)) == []
    assert await stand.db.inbox.parked.list("billing") == []


class Away(MemoryMessageBroker):
    """It takes no messages."""

    async def send_message(self, message: Message) -> None:
        raise Deliberate


async def test_a_message_refused_by_the_broker_after_the_commit_is_logged(stand: Service) -> None:
    """Without an outbox: the rows are committed, the message is lost, and the caller learns of it."""
    mediator = bootstrap(commands_mapper=bind, message_broker=Away(), middlewares=[TransactionMiddleware(stand.db)])

    async def work(events: cqrs.EventRecorder) -> str:
        await stand.write("one")
        events.record(Told(payload="one"))
        return "answer"

    with pytest.raises(AfterCommitError) as caught:
        await mediator.send(Record(work))
    assert (caught.value.answer, await stand.notes()) == ("answer", ["one"])


async def test_a_message_leaves_to_a_broker_after_the_commit_only(stand: Service) -> None:
    broker = MemoryMessageBroker()
    mediator = bootstrap(commands_mapper=bind, message_broker=broker, middlewares=[TransactionMiddleware(stand.db)])

    async def work(events: cqrs.EventRecorder) -> None:
        events.record(Told(payload="one"))
        unit = current_unit_of_work()
        assert unit is not None
        unit.before_commit(_kaput_before)

    with pytest.raises(Deliberate):
        await mediator.send(Record(work))
    assert broker.sent == ()


async def _kaput_before() -> None:
    raise Deliberate


async def _must_not_be_called() -> None:
    raise AssertionError
