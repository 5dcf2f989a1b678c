"""The ways in which a program is asked: by a caller, by a stream's consumer, by messages that arrive."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from faststream.kafka import KafkaBroker, KafkaMessage, TestKafkaBroker

import cqrs
from cqrs.events.bootstrap import bootstrap as bootstrap_events
from cqrs.integrations.faststream import MANUAL_ACK, Once
from cqrs.message_brokers.memory.broker import MemoryMessageBroker
from cqrs.message_brokers.protocol import Message
from cqrs.requests.bootstrap import bootstrap, bootstrap_streaming
from cqrs.workers.consumer.consumer import Consumer, ConsumerPolicy, ConsumerVerdict
from cqrs.workers.consumer.policy import verdict
from tests.helpers.waiting import AT_ONCE
from tests.natural import handlers
from tests.natural.messages import ARRIVALS, INNOCENT, Arrived, LeftEarly, StartStream, StillWaiting

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.natural.wirings import Parts
    from tests.natural.world import World

PATIENCE = 4  # outages in a row
DELIVERIES = 3


@dataclasses.dataclass
class Asked:
    """A program that was put together: `call` asks it, `finish` is to be called when all of it is done.

    `ids` are the messages that it receives, `acknowledged` those of them that it has acknowledged, and `sent` is what
    has left its outbox.
    """

    call: Callable[[], Awaitable[Any]]
    ids: dict[str, str] = dataclasses.field(default_factory=dict)
    acknowledged: set[str] = dataclasses.field(default_factory=set)
    sent: list[str] | None = None
    finish: Callable[[], Awaitable[None]] | None = None


def _options(world: World, parts: Parts, container: Any) -> dict[str, Any]:
    habit, given = world.habit, dict(parts.bootstrap)
    transaction = given.pop("transaction", None)
    inside = habit.inside()
    if inside and transaction is None:  # with a database one has to be put there by hand
        transaction = cqrs.TransactionMiddleware(
            given.get("database") or (lambda: cqrs.SqlAlchemyUnitOfWork(world.sessions()))
        )
    middlewares = [*habit.outside(), *([transaction] if transaction else []), *inside]
    return {"di_container": container, "middlewares": middlewares, **given}


def assemble(world: World, parts: Parts, container: Any, entry: str) -> Asked:
    """Build the mediators, as `entry` needs them. What is refused is refused here."""
    options = _options(world, parts, container)
    habit = world.habit
    concurrency = {"max_concurrent_event_handlers": habit.concurrency}
    requests = {"commands_mapper": handlers.requests(habit), "domain_events_mapper": handlers.events(habit)}
    world.requests = bootstrap(**options, **requests, **concurrency)
    world.requests_too = bootstrap(**options, **requests, **concurrency)
    if entry == "send":
        return Asked(lambda: world.requests.send(habit.request()))
    if entry == "loop":
        return _loop(world, parts)
    if entry == "stream":
        streaming = bootstrap_streaming(
            **options, commands_mapper=handlers.streams, domain_events_mapper=handlers.events(habit), **concurrency
        )
        return Asked(lambda: _consumed(world, streaming))
    events = bootstrap_events(**options, events_mapper=handlers.events(habit), **concurrency)
    if entry == "event":
        return Asked(lambda: events.send(Arrived(topic=ARRIVALS, payload=habit.name)))
    return (_consumer if entry == "consumer" else _once)(world, parts, events)


async def _consumed(world: World, streaming: Any) -> Any:
    """The whole stream, or as much of it as the consumer has patience for."""
    seen: list[str] = []
    async with aclosing(streaming.stream(StartStream())) as chunks:
        async for chunk in chunks:
            seen.append(chunk)
            if len(seen) == world.chunks:
                raise LeftEarly
    return seen[0]


def _loop(world: World, parts: Parts) -> Asked:
    """The plain loop empties the outbox afterwards."""

    async def empty() -> None:
        broker = MemoryMessageBroker()
        producer = cqrs.EventProducer(broker, parts.outbox, poll_interval=0.0)
        async for batch in producer.event_batch_generator():
            for one in batch:
                await producer.send_message(one)
            await producer.repository.commit()
            if not batch:
                break
        asked.sent = [json.loads(message.payload)["payload"] for message in broker.sent]

    asked = Asked(lambda: world.requests.send(world.habit.request()), finish=empty)
    return asked


def _messages(world: World) -> list[tuple[str, Arrived]]:
    return [
        ("habit", Arrived(topic=ARRIVALS, payload=world.habit.name)),
        (INNOCENT, Arrived(topic=ARRIVALS, payload=INNOCENT)),
    ]


class _Seen:
    """A source that notes what is acknowledged."""

    def __init__(self, source: Any, asked: Asked) -> None:
        self._source = source
        self._asked = asked

    async def ack(self, deliveries: Any) -> None:
        await self._source.ack(deliveries)
        self._asked.acknowledged.update(str(delivery.envelope.message_id) for delivery in deliveries)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)


def _consumer(world: World, parts: Parts, events: Any) -> Asked:
    broker, outages = MemoryMessageBroker(), []

    def classify(error: Exception) -> ConsumerVerdict:
        found = verdict(error)
        if found is ConsumerVerdict.OUTAGE:
            outages.append(error)
        world.errors.append(error)
        return found

    policy = ConsumerPolicy(
        receive_timeout=0.02,
        attempt_backoff=AT_ONCE,
        parked_retries=0,
        outage_backoff=AT_ONCE,
        replay_every=60.0,
        classify=classify,
    )

    async def call() -> Any:
        for name, event in _messages(world):
            asked.ids[str(event.event_id)] = name
            await broker.send_message(Message("arrived", ARRIVALS, event.to_dict(), event.event_id))
        async with consumer:
            # A broker in memory has no event for that.
            while len(asked.acknowledged) < len(asked.ids) and len(outages) < PATIENCE and consumer.is_running:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
        if outages and len(asked.acknowledged) < len(asked.ids):
            raise StillWaiting from outages[-1]

    asked = Asked(call)
    source: Any = _Seen(broker.source(ARRIVALS, group="g"), asked)
    consumer = Consumer(source, events, name="billing", policy=policy, **parts.consumer)
    return asked


async def _delivered(broker: Any, event: Arrived, asked: Asked) -> Exception | None:
    """Deliver a message as long as it fails, for a while, as `Redelivery` does."""
    failed: Exception | None = None
    for _ in range(DELIVERIES):
        try:
            await broker.publish(event.to_dict(), ARRIVALS)
        except Exception as error:  # noqa: BLE001  # it is what the test is about
            failed = error
        else:
            asked.acknowledged.add(str(event.event_id))
            return None
    return failed


def _once(world: World, parts: Parts, events: Any) -> Asked:
    given = {name: value for name, value in parts.consumer.items() if name != "registry"}
    broker = KafkaBroker(logger=None, middlewares=[Once(name="billing", **given)])

    @broker.subscriber(ARRIVALS, group_id="g", **MANUAL_ACK)  # type: ignore[untyped-decorator]
    async def on_message(body: dict[str, Any], msg: KafkaMessage) -> None:
        await events.send(Arrived.from_dict(**body))
        await msg.ack()

    async def call() -> Any:
        failed: Exception | None = None
        async with TestKafkaBroker(broker) as running:
            for name, event in _messages(world):
                asked.ids[str(event.event_id)] = name
                failed = await _delivered(running, event, asked) or failed
        if failed is not None:
            raise failed

    asked = Asked(call)
    return asked
