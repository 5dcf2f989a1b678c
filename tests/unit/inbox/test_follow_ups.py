"""What handlers of a message send follows from it, and they can be given its envelope."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from dependency_injector import containers
from di import Container, bind_by_type
from di.dependent import Dependent
from dishka import Provider, Scope, make_async_container

import cqrs
from cqrs.context import carrying, context_headers, current_envelope
from cqrs.errors import NoEnvelope, WiringError
from cqrs.events import bootstrap as events_bootstrap
from cqrs.message_brokers import MemoryMessageBroker, Message
from cqrs.requests import bootstrap
from cqrs.workers.consumer.consumer import ConsumerPolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TRACE = {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "tracestate": "a=b"}


@cqrs.event_type("follow_ups.paid", topic="paid", key="order")
class Paid(cqrs.NotificationEvent[dict[str, str]]):
    pass


@cqrs.event_type("follow_ups.shipped", topic="shipped")
class Shipped(cqrs.NotificationEvent[str]):
    pass


class Noticed(cqrs.DomainEvent):
    pass


class Ship(cqrs.Request[None]):
    by: str


def followed(message: cqrs.Envelope) -> dict[str, str]:
    known = message.headers
    correlation = known.get("correlation-id", str(message.message_id))
    return {**TRACE, "correlation-id": correlation, "causation-id": str(message.message_id)}


def a_message(order: str = "o1", **headers: str) -> Message:
    event = Paid(payload={"order": order})
    return Message("follow_ups.paid", "paid", event.to_dict(), event.event_id, key=order, headers={**TRACE, **headers})


async def consumed(mediator: Any, database: Any, *messages: Message) -> list[cqrs.Envelope]:
    """Let a consumer handle them, and look at what is in the outbox then."""
    broker = MemoryMessageBroker()
    for message in messages:
        await broker.send_message(message)
    policy = ConsumerPolicy(receive_timeout=0.01)
    consumer = cqrs.Consumer(broker.source("paid"), mediator, name="c", database=database, policy=policy)
    async with consumer, asyncio.timeout(20):
        await consumer.started()
    return [sent.envelope for sent in await database.outbox.get_many() if sent.envelope is not None]


class RecordsIt(cqrs.EventHandler[Paid]):
    async def handle(self, event: Paid) -> None:
        self.record(Shipped(payload="recorded"))


class NoticesIt(cqrs.EventHandler[Paid]):
    async def handle(self, event: Paid) -> None:
        self.record(Noticed())


class FollowsUp(cqrs.EventHandler[Noticed]):
    async def handle(self, event: Noticed) -> None:
        self.record(Shipped(payload="after a domain event"))


class Fails(cqrs.EventHandler[Paid]):
    async def handle(self, event: Paid) -> None:
        raise LookupError


class StandsIn(cqrs.EventHandler[Paid]):
    async def handle(self, event: Paid) -> None:
        self.record(Shipped(payload="fallback"))


async def test_messages_sent_by_a_handler_name_its_message_as_their_cause() -> None:
    db = cqrs.MemoryDatabase()

    async def inner(command: Ship, events: cqrs.EventRecorder) -> None:
        events.record(Shipped(payload=command.by))

    async def outer(command: Ship) -> None:
        await commands.send(Ship(by="a nested command"))

    class Nested(Ship):
        pass

    def bind(m: cqrs.RequestMap) -> None:
        m.bind(Ship, inner)
        m.bind(Nested, outer)

    commands = bootstrap.bootstrap(database=db, commands_mapper=bind)

    async def sends(event: Paid) -> None:
        await commands.send(Nested(by="outer"))

    async def adds(event: Paid) -> None:
        db.outbox.add(Shipped(payload="added"))
        await asyncio.gather(asyncio.create_task(adds_in_a_task()))

    async def adds_in_a_task() -> None:
        assert context_headers()["causation-id"]

    def events(m: cqrs.EventMap) -> None:
        for handler in (RecordsIt, NoticesIt, sends, adds, cqrs.EventHandlerFallback(Fails, StandsIn)):
            m.bind(Paid, handler)
        m.bind(Noticed, FollowsUp)

    mediator = events_bootstrap.bootstrap(database=db, events_mapper=events, max_concurrent_event_handlers=4)
    message = a_message(**{"correlation-id": "c7", "tenant": "t1"})
    sent = await consumed(mediator, db, message)
    assert {str(each.json()["payload"]): dict(each.headers) for each in sent} == {
        said: {**TRACE, "correlation-id": "c7", "causation-id": str(message.message_id)}
        for said in ("recorded", "after a domain event", "a nested command", "added", "fallback")
    }
    assert context_headers() == {}


async def test_each_message_of_a_batch_is_the_cause_of_its_own_follow_ups() -> None:
    db = cqrs.MemoryDatabase()

    async def ship(event: Paid, events: cqrs.EventRecorder) -> None:
        events.record(Shipped(payload=str(event.event_id)))

    mediator = events_bootstrap.bootstrap(database=db, events_mapper=lambda m: m.bind(Paid, ship))
    messages = [a_message(order) for order in "abc"]
    sent = await consumed(mediator, db, *messages)
    assert [dict(each.headers) for each in sent] == [followed(message.to_envelope()) for message in messages]


async def test_handlers_at_the_same_time_send_follow_ups_of_one_cause_straight_to_a_broker() -> None:
    broker = MemoryMessageBroker()

    class First(RecordsIt):
        pass

    class Second(RecordsIt):
        pass

    def events(m: cqrs.EventMap) -> None:
        m.bind(Paid, First)
        m.bind(Paid, Second)

    mediator = events_bootstrap.bootstrap(message_broker=broker, events_mapper=events, max_concurrent_event_handlers=4)
    event = Paid(payload={"order": "o1"})
    await mediator.send(event)
    cause = str(event.event_id)
    assert [dict(m.headers) for m in broker.sent] == [{"correlation-id": cause, "causation-id": cause}] * 2


async def test_an_event_that_is_given_to_a_mediator_is_the_cause_within_the_correlation_that_is_known() -> None:
    broker = MemoryMessageBroker()
    mediator = events_bootstrap.bootstrap(message_broker=broker, events_mapper=lambda m: m.bind(Paid, RecordsIt))
    event = Paid(payload={"order": "o1"})
    with carrying({"correlation-id": "c1", **TRACE}):
        await mediator.send(event)
    assert dict(broker.sent[0].headers) == {**TRACE, "correlation-id": "c1", "causation-id": str(event.event_id)}


# The envelope for handlers, in each container.


def bound_in_di() -> Container:
    container = Container()
    container.bind(bind_by_type(Dependent(Audit, scope="request"), Audit))
    return container


def bound_in_dishka() -> Any:
    provider = Provider(scope=Scope.REQUEST)
    provider.provide(current_envelope)
    provider.provide(Audit)
    return make_async_container(provider)


class Audit:
    """Something that a handler needs, and that needs the envelope itself."""

    def __init__(self, envelope: cqrs.Envelope) -> None:
        self.envelope = envelope


class SeesIt(cqrs.EventHandler[Paid]):
    def __init__(self, envelope: cqrs.Envelope, audit: Audit) -> None:
        self.seen = [envelope, audit.envelope]

    async def handle(self, event: Paid) -> None:
        SEEN.extend(self.seen)


SEEN: list[cqrs.Envelope | None] = []

CONTAINERS: Mapping[str, Callable[[], Any]] = {
    "default": lambda: None,
    "resolver": cqrs.Resolver,
    "di": Container,
    "di, bound": bound_in_di,
    "dishka": make_async_container,
    "dishka, provided": bound_in_dishka,
    "dependency-injector": containers.DynamicContainer,
}


@pytest.mark.parametrize("container", CONTAINERS)
async def test_handlers_are_given_the_envelope_that_they_ask_for(container: str) -> None:
    db = cqrs.MemoryDatabase()
    SEEN.clear()

    async def function(event: Paid, envelope: cqrs.Envelope, audit: Audit) -> None:
        SEEN.extend([envelope, audit.envelope])

    async def if_any(command: Ship, envelope: cqrs.Envelope | None = None) -> None:
        SEEN.append(envelope)

    commands = bootstrap.bootstrap(CONTAINERS[container](), commands_mapper=lambda m: m.bind(Ship, if_any))

    async def sends(event: Paid) -> None:
        await commands.send(Ship(by="a handler"))

    def events(m: cqrs.EventMap) -> None:
        for handler in (SeesIt, function, sends):
            m.bind(Paid, handler)

    mediator = events_bootstrap.bootstrap(CONTAINERS[container](), database=db, events_mapper=events)
    messages = [a_message(order) for order in "ab"]
    await consumed(mediator, db, *messages)
    first, second = (message.to_envelope() for message in messages)
    assert [first] * 5 + [second] * 5 == SEEN
    SEEN.clear()
    await commands.send(Ship(by="somebody else"))
    assert SEEN == [None]


@pytest.mark.parametrize("container", CONTAINERS)
async def test_an_envelope_where_no_message_is_consumed_raises_with_the_remedy(container: str) -> None:
    async def needs_it(command: Ship, envelope: cqrs.Envelope) -> None:
        raise AssertionError(envelope)

    commands = bootstrap.bootstrap(CONTAINERS[container](), commands_mapper=lambda m: m.bind(Ship, needs_it))
    with pytest.raises(NoEnvelope, match=r"envelope: cqrs.Envelope \| None = None"):
        await commands.send(Ship(by="somebody"))


class Keeps:
    def __init__(self, envelope: cqrs.Envelope) -> None:
        self.envelope = envelope


class UsesKeeper(cqrs.EventHandler[Paid]):
    def __init__(self, keeps: Keeps) -> None:
        pass

    async def handle(self, event: Paid) -> None:
        raise AssertionError


def singleton_in_the_resolver() -> Any:
    resolver = cqrs.Resolver()
    resolver.bind(Keeps, lifetime="singleton")
    return resolver


def singleton_in_di() -> Any:
    container = Container()
    container.bind(bind_by_type(Dependent(Keeps, scope="singleton"), Keeps))
    return container


@pytest.mark.parametrize("container", [singleton_in_the_resolver, singleton_in_di])
def test_a_singleton_that_would_keep_the_first_envelope_is_refused_at_the_start(container: Any) -> None:
    with pytest.raises(WiringError, match="Keeps"):
        events_bootstrap.bootstrap(container(), events_mapper=lambda m: m.bind(Paid, UsesKeeper))


async def test_an_envelope_of_ones_own_binding_counts_before_ours() -> None:
    mine = cqrs.Envelope(message_id=uuid.UUID(int=1), name="n", topic="t", body=b"{}")
    resolver = cqrs.Resolver()
    resolver.bind_instance(cqrs.Envelope, mine)
    SEEN.clear()

    async def needs_it(command: Ship, envelope: cqrs.Envelope) -> None:
        SEEN.append(envelope)

    await bootstrap.bootstrap(resolver, commands_mapper=lambda m: m.bind(Ship, needs_it)).send(Ship(by="x"))
    assert [mine] == SEEN
