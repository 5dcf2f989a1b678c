"""The one router: order, follow-ups, concurrency, failures, and what leaves for other services."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import gc
import weakref
from typing import Any

import pytest

import cqrs
from cqrs.events import bootstrap as event_bootstrap
from cqrs.message_brokers import MemoryMessageBroker, Message, MessageBroker
from cqrs.requests.bootstrap import bootstrap, bootstrap_streaming


@dataclasses.dataclass(frozen=True)
class Happened:
    name: str


@dataclasses.dataclass(frozen=True)
class Followed:
    name: str


@dataclasses.dataclass
class Do:
    events: list[Any]


class Sent(cqrs.NotificationEvent[str]):
    pass


def sent(name: str) -> Sent:
    return Sent(event_name=name, topic="t", payload="p")


async def do(command: Do, recorder: cqrs.EventRecorder) -> str:
    recorder.record(*command.events)
    return "done"


async def stream(command: Do, recorder: cqrs.EventRecorder) -> Any:
    for event in command.events:
        recorder.record(event)
        yield event


class RecordingHooks(cqrs.Hooks):
    def __init__(self) -> None:
        self.unhandled: list[Any] = []
        self.failed: list[tuple[Any, str, str]] = []

    def event_unhandled(self, event: Any) -> None:
        self.unhandled.append(event)

    def event_handler_failed(self, event: Any, handler: type, error: BaseException) -> None:
        self.failed.append((event, handler.__name__, str(error)))


def mediator(*bindings: tuple[type, Any], **options: Any) -> cqrs.RequestMediator:
    def bind(event_map: cqrs.EventMap) -> None:
        for event_type, handler in bindings:
            event_map.bind(event_type, handler)

    return bootstrap(commands_mapper=lambda m: m.bind(Do, do), domain_events_mapper=bind, **options)


async def test_follow_ups_are_handled_breadth_first() -> None:
    seen: list[str] = []

    async def first(event: Happened, recorder: cqrs.EventRecorder) -> None:
        seen.append(f"happened {event.name}")
        recorder.record(Followed(event.name), Followed(event.name + "'"))

    async def second(event: Followed, recorder: cqrs.EventRecorder) -> None:
        seen.append(f"followed {event.name}")
        if event.name == "a":
            recorder.record(Happened("last"))

    await mediator((Happened, first), (Followed, second)).send(Do([Happened("a"), Happened("b")]))
    assert seen == [
        "happened a",
        "happened b",
        "followed a",
        "followed a'",
        "followed b",
        "followed b'",
        "happened last",
        "followed last",
        "followed last'",
    ]


async def test_handlers_of_one_event_run_in_the_order_of_binding() -> None:
    seen: list[str] = []

    def named(name: str) -> Any:
        async def handler(_: Happened) -> None:
            seen.append(name)

        return handler

    await mediator(*[(Happened, named(n)) for n in "abc"]).send(Do([Happened("x")]))
    assert seen == ["a", "b", "c"]


class Gauge:
    """Counts how many handlers run at once; each waits until the expected number has come together, or gives up."""

    def __init__(self) -> None:
        self.running = self.highest = 0

    async def handler(self, _: Happened) -> None:
        self.running += 1
        self.highest = max(self.highest, self.running)
        for _turn in range(20):
            await asyncio.sleep(0)
        self.running -= 1


@pytest.mark.parametrize(
    ("options", "highest"),
    [
        ({}, 1),
        ({"max_concurrent_event_handlers": 4}, 4),
        ({"max_concurrent_event_handlers": 4, "concurrent_event_handle_enable": False}, 1),
        ({"max_concurrent_event_handlers": 100}, 12),
    ],
)
async def test_as_many_event_handlers_run_at_once_as_allowed(options: dict[str, Any], highest: int) -> None:
    gauge = Gauge()
    await mediator((Happened, gauge.handler), **options).send(Do([Happened(str(n)) for n in range(12)]))
    assert (gauge.running, gauge.highest) == (0, highest)


async def test_a_stream_handles_ten_events_at_once_by_default() -> None:
    gauge = Gauge()

    async def burst(command: Do, recorder: cqrs.EventRecorder) -> Any:
        recorder.record(*command.events)
        yield "chunk"

    streams = bootstrap_streaming(
        commands_mapper=lambda m: m.bind(Do, burst), domain_events_mapper=lambda m: m.bind(Happened, gauge.handler)
    )
    assert [c async for c in streams.stream(Do([Happened(str(n)) for n in range(25)]))] == ["chunk"]
    assert gauge.highest == 10


async def test_follow_ups_of_concurrent_handlers_keep_the_order_of_their_causes() -> None:
    seen: list[str] = []

    async def first(event: Happened, recorder: cqrs.EventRecorder) -> None:
        for _ in range(10 - int(event.name)):  # the first to start is the last to end
            await asyncio.sleep(0)
        recorder.record(Followed(event.name))

    async def second(event: Followed) -> None:
        seen.append(event.name)

    wired = mediator((Happened, first), (Followed, second), max_concurrent_event_handlers=10)
    await wired.send(Do([Happened(str(n)) for n in range(10)]))
    assert seen == [str(n) for n in range(10)]


async def test_a_failing_handler_ends_the_turn_and_its_error_reaches_the_caller_as_it_is() -> None:
    seen: list[str] = []
    hooks, broker = RecordingHooks(), MemoryMessageBroker()

    async def before(event: Happened, recorder: cqrs.EventRecorder) -> None:
        seen.append(f"before {event.name}")
        recorder.record(Followed(event.name))

    async def failing(_: Happened) -> None:
        raise LookupError("no such room")

    async def after(event: Happened | Followed) -> None:
        seen.append(f"after {event}")

    wired = mediator(
        (Happened, before),
        (Happened, failing),
        (Happened, after),
        (Followed, after),
        hooks=hooks,
        message_broker=broker,
    )
    with pytest.raises(LookupError, match="no such room") as caught:
        await wired.send(Do([sent("early"), Happened("a"), Happened("b")]))
    assert seen == ["before a"]
    assert broker.sent == ()
    assert hooks.failed == [(Happened("a"), "failing", "no such room")]
    assert "while it handled Happened" in caught.value.__notes__[0]


async def test_with_concurrent_handlers_running_ones_finish_and_no_further_one_starts() -> None:
    seen: list[str] = []
    hooks = RecordingHooks()

    async def handler(event: Happened) -> None:
        seen.append(f"start {event.name}")
        await asyncio.sleep(0)
        if event.name in {"0", "1"}:
            raise ValueError(event.name)
        await asyncio.sleep(0)
        seen.append(f"end {event.name}")

    wired = mediator((Happened, handler), max_concurrent_event_handlers=3, hooks=hooks)
    with pytest.raises(ValueError, match="0"):
        await wired.send(Do([Happened(str(n)) for n in range(9)]))
    assert seen == ["start 0", "start 1", "start 2", "end 2"]
    assert [name for _, _, name in hooks.failed] == ["0", "1"]


async def test_cancelling_the_caller_cancels_concurrent_handlers() -> None:
    started, cancelled = asyncio.Event(), []

    async def handler(event: Happened) -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.append(event.name)

    hooks = RecordingHooks()
    wired = mediator((Happened, handler), max_concurrent_event_handlers=2, hooks=hooks)
    task = asyncio.create_task(wired.send(Do([Happened("a"), Happened("b")])))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sorted(cancelled) == ["a", "b"]
    assert hooks.failed == []  # a cancellation is no failure of theirs


@pytest.mark.parametrize("limit", [1, 2])
async def test_a_handler_that_awaits_something_cancelled_fails_like_any_other(limit: int) -> None:
    broker = MemoryMessageBroker()

    async def awaits_cancelled(_: Happened) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        future.cancel("by somebody else")
        await future

    async def fine(_: Happened) -> None:
        await asyncio.sleep(0)

    wired = mediator(
        (Happened, awaits_cancelled), (Happened, fine), max_concurrent_event_handlers=limit, message_broker=broker
    )
    with pytest.raises(asyncio.CancelledError, match="by somebody else"):
        await wired.send(Do([Happened("a"), sent("n")]))
    assert broker.sent == ()


async def test_a_handler_that_fails_at_once_keeps_the_others_from_starting() -> None:
    started: list[str] = []

    async def handler(event: Happened) -> None:
        started.append(event.name)
        raise ValueError(event.name)

    with pytest.raises(ValueError, match="0"):
        await mediator((Happened, handler), max_concurrent_event_handlers=5).send(Do([Happened(n) for n in "0123"]))
    assert started == ["0"]


async def test_no_event_of_a_failing_request_handler_is_emitted() -> None:
    broker, seen = MemoryMessageBroker(), []

    async def failing(_: Do, recorder: cqrs.EventRecorder) -> None:
        recorder.record(Happened("a"), sent("n"))
        raise RuntimeError("too late")

    async def handler(event: Happened) -> None:
        seen.append(event)

    wired = bootstrap(
        commands_mapper=lambda m: m.bind(Do, failing),
        domain_events_mapper=lambda m: m.bind(Happened, handler),
        message_broker=broker,
    )
    with pytest.raises(RuntimeError, match="too late"):
        await wired.send(Do([]))
    assert (seen, broker.sent) == ([], ())


async def test_notifications_are_sent_after_all_handlers_in_the_order_of_recording() -> None:
    broker, sent_before_handler = MemoryMessageBroker(), []

    async def handler(_: Happened, recorder: cqrs.EventRecorder) -> None:
        sent_before_handler.append(len(broker.sent))
        recorder.record(sent("follow-up"))

    await mediator((Happened, handler), message_broker=broker).send(Do([sent("one"), Happened("a"), sent("two")]))
    assert sent_before_handler == [0]
    assert [m.message_name for m in broker.sent] == ["one", "two", "follow-up"]


async def test_a_message_carries_id_name_topic_and_the_whole_event() -> None:
    broker = MemoryMessageBroker()
    event = sent("joined")
    await mediator(message_broker=broker).send(Do([event]))
    assert broker.topic("t") == (Message("joined", "t", event.to_dict(), event.event_id),)
    assert broker.topic("other") == ()
    assert broker.sent[0].to_dict() == {
        "messageName": "joined",
        "messageId": str(event.event_id),
        "topic": "t",
        "payload": event.to_dict(),
    }


async def test_a_notification_is_not_handled_where_it_was_recorded() -> None:
    broker, seen = MemoryMessageBroker(), []

    async def handler(event: Sent) -> None:
        seen.append(event)

    await mediator((Sent, handler), message_broker=broker).send(Do([sent("joined")]))
    assert (seen, len(broker.sent)) == ([], 1)


class RefusingBroker(MessageBroker):
    async def send_message(self, message: Message) -> None:
        raise ConnectionError(message.message_name)


async def test_an_error_of_the_broker_reaches_the_caller() -> None:
    with pytest.raises(ConnectionError, match="joined"):
        await mediator(message_broker=RefusingBroker()).send(Do([sent("joined")]))


async def test_an_event_without_handlers_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    hooks = RecordingHooks()
    with caplog.at_level("DEBUG", logger="cqrs"):
        assert await mediator(hooks=hooks).send(Do([Happened("a")])) == "done"
    assert hooks.unhandled == [Happened("a")]
    assert "Happened has no handler" in caplog.messages


async def test_a_notification_without_a_broker_is_reported_loudly(caplog: pytest.LogCaptureFixture) -> None:
    hooks, event = RecordingHooks(), sent("joined")
    await mediator(hooks=hooks).send(Do([event]))
    assert hooks.unhandled == [event]
    assert [r.levelname for r in caplog.records if r.name == "cqrs"] == ["WARNING"]
    assert "was dropped" in caplog.text


async def test_a_failing_hook_does_not_disturb_the_request(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(cqrs.Hooks):
        def event_unhandled(self, event: Any) -> None:
            raise ZeroDivisionError

    assert await mediator(hooks=Broken()).send(Do([Happened("a")])) == "done"
    assert "event_unhandled failed" in caplog.text


async def test_events_of_a_stream_follow_the_same_rules() -> None:
    seen: list[str] = []
    broker = MemoryMessageBroker()

    async def handler(event: Happened, recorder: cqrs.EventRecorder) -> None:
        seen.append(event.name)
        recorder.record(sent(f"after {event.name}"))

    streams = bootstrap_streaming(
        commands_mapper=lambda m: m.bind(Do, stream),
        domain_events_mapper=lambda m: m.bind(Happened, handler),
        message_broker=broker,
    )
    async for chunk in streams.stream(Do([Happened("a"), Happened("b")])):
        assert seen[-1] == chunk.name
        assert broker.sent[-1].message_name == f"after {chunk.name}"
    assert seen == ["a", "b"]


def event_mediator(*bindings: tuple[type, Any], **options: Any) -> cqrs.EventMediator:
    def bind(event_map: cqrs.EventMap) -> None:
        for event_type, handler in bindings:
            event_map.bind(event_type, handler)

    return event_bootstrap.bootstrap(events_mapper=bind, **options)


async def test_a_received_notification_is_handled_and_its_follow_ups_are_routed() -> None:
    seen: list[Any] = []
    broker = MemoryMessageBroker()

    async def on_sent(event: Sent, recorder: cqrs.EventRecorder) -> None:
        seen.append(event.event_name)
        recorder.record(Happened("x"), sent("onward"))

    async def on_happened(event: Happened) -> None:
        seen.append(event)

    wired = event_mediator((Sent, on_sent), (Happened, on_happened), message_broker=broker)
    await wired.send(sent("in"))
    assert seen == ["in", Happened("x")]
    assert [m.message_name for m in broker.sent] == ["onward"]


async def test_a_received_event_without_handlers_is_reported_and_dropped() -> None:
    hooks, broker, event = RecordingHooks(), MemoryMessageBroker(), sent("in")
    await event_mediator(hooks=hooks, message_broker=broker).send(event)
    assert (hooks.unhandled, broker.sent) == ([event], ())


async def test_an_error_in_the_handler_of_a_received_event_reaches_the_consumer() -> None:
    async def failing(_: Sent) -> None:
        raise LookupError("poison")

    with pytest.raises(LookupError, match="poison"):
        await event_mediator((Sent, failing)).send(sent("in"))


class StopEverything(BaseException):
    pass


@pytest.mark.parametrize("limit", [1, 2])
async def test_no_kind_of_error_is_wrapped(limit: int) -> None:
    async def failing(event: Happened) -> None:
        raise StopEverything(event.name)

    with pytest.raises(StopEverything, match="a"):
        await mediator((Happened, failing), max_concurrent_event_handlers=limit).send(
            Do([Happened("a"), Happened("b")])
        )


async def test_after_a_cancellation_no_further_handler_starts_even_if_one_has_swallowed_it() -> None:
    started: list[str] = []
    both = asyncio.Event()

    async def swallowing(event: Happened) -> None:
        started.append(event.name)
        if len(started) == 2:
            both.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()

    wired = mediator((Happened, swallowing), max_concurrent_event_handlers=2)
    task = asyncio.create_task(wired.send(Do([Happened(n) for n in "abcd"])))
    await both.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert started == ["a", "b"]


async def test_a_failed_turn_is_freed_without_the_garbage_collector() -> None:
    async def failing(_: Happened) -> None:
        raise LookupError

    wired = mediator((Happened, failing), max_concurrent_event_handlers=2)
    command = Do([Happened("a"), Happened("b")])
    freed = weakref.ref(command)
    gc.disable()
    try:
        with contextlib.suppress(LookupError):
            await wired.send(command)
        del command
        assert freed() is None
    finally:
        gc.enable()


def test_an_interrupt_from_the_keyboard_does_not_wait_for_the_other_handlers() -> None:
    ended: list[str] = []

    async def handler(event: Happened) -> None:
        await asyncio.sleep(0)
        if event.name == "interrupted":
            raise KeyboardInterrupt
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(event.name)

    wired = mediator((Happened, handler), max_concurrent_event_handlers=2)
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(wired.send(Do([Happened("waiting"), Happened("interrupted")])))
    assert ended == ["waiting"]


async def test_follow_ups_without_an_end_can_be_stopped() -> None:
    async def again(event: Happened, recorder: cqrs.EventRecorder) -> None:
        recorder.record(event)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await mediator((Happened, again)).send(Do([Happened("a")]))
