"""Generic events are distinguished by their arguments, or refused."""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import pickle
import typing
import uuid
from typing import Any, Generic, TypeVar

import pydantic
import pytest

import cqrs
from cqrs.deserializers import JsonDeserializer
from cqrs.errors import EventNameConflict, OpenGenericEvent, WiringError
from cqrs.events import bootstrap as events_bootstrap
from cqrs.events.registry import EventRegistry
from cqrs.message_brokers import MemoryMessageBroker, Message
from cqrs.requests.bootstrap import bootstrap

T = TypeVar("T")


@dataclasses.dataclass(frozen=True)
class Joined:
    user: uuid.UUID = dataclasses.field(default_factory=uuid.uuid4)


@dataclasses.dataclass(frozen=True)
class Paid:
    amount: int = 1


class JoinedModel(pydantic.BaseModel, frozen=True):
    user: uuid.UUID = uuid.UUID(int=1)


class PaidModel(pydantic.BaseModel, frozen=True):
    amount: int = 1


@dataclasses.dataclass(frozen=True)
class Changed(cqrs.DCDomainEvent, Generic[T]):
    was: T
    now: list[T] = dataclasses.field(default_factory=list)


class ChangedModel(cqrs.DomainEvent, Generic[T]):
    was: T


@dataclasses.dataclass(frozen=True)
class PlainChanged(Generic[T]):
    was: T


@dataclasses.dataclass(frozen=True)
class Audited(cqrs.DCNotificationEvent[T]):
    by: str = "nobody"


class Record(cqrs.Request[None]):
    events: list[Any]


async def record(command: Record, events: cqrs.EventRecorder) -> None:
    events.record(*command.events)


@pytest.mark.parametrize("kind", [Changed, ChangedModel])
async def test_domain_events_of_two_arguments_reach_each_its_own_handler(kind: Any) -> None:
    seen: list[tuple[str, Any]] = []

    async def numbers(event: Any) -> None:
        seen.append(("number", event.was))

    async def texts(event: Any) -> None:
        seen.append(("text", event.was))

    def domain_events(m: cqrs.EventMap) -> None:
        m.bind(kind[int], numbers)
        m.bind(kind[str], texts)

    mediator = bootstrap(commands_mapper=lambda m: m.bind(Record, record), domain_events_mapper=domain_events)
    await mediator.send(Record(events=[kind[str](was="a"), kind[int](was=1)]))
    assert seen == [("text", "a"), ("number", 1)]


@pytest.mark.parametrize(
    ("kind", "joined", "paid"),
    [
        (cqrs.DCNotificationEvent, Joined, Paid),
        (cqrs.NotificationEvent, JoinedModel, PaidModel),
        (cqrs.ECSTEvent, JoinedModel, PaidModel),
        (Audited, Joined, Paid),
    ],
)
async def test_messages_of_two_payloads_reach_each_its_own_handler(kind: Any, joined: Any, paid: Any) -> None:
    seen: list[tuple[str, Any]] = []
    registry = EventRegistry()
    registry.register(kind[joined], "joined")
    registry.register(kind[paid], "paid")

    async def on_joined(event: Any) -> None:
        seen.append(("joined", event))

    async def on_paid(event: Any) -> None:
        seen.append(("paid", event))

    def events(m: cqrs.EventMap) -> None:
        m.bind(kind[joined], on_joined)
        m.bind(kind[paid], on_paid)

    db = cqrs.MemoryDatabase(registry=registry)
    broker = MemoryMessageBroker()
    sent = [
        kind[joined](event_name="joined", topic="t", payload=joined()),
        kind[paid](event_name="paid", topic="t", payload=paid()),
    ]
    async with db.transaction():
        for event in sent:
            db.outbox.add(event)
    for stored in await db.outbox.get_many():
        envelope = stored.envelope
        assert envelope is not None
        await broker.send_message(Message(envelope.name, "t", envelope.body, envelope.message_id))
    consumer = cqrs.Consumer(
        broker.source("t"), events_bootstrap.bootstrap(database=db, events_mapper=events), name="c", database=db
    )
    async with consumer, asyncio.timeout(20):
        await consumer.started()
    assert [(name, event.to_dict()) for name, event in seen] == [
        ("joined", sent[0].to_dict()),
        ("paid", sent[1].to_dict()),
    ]
    assert [type(event.payload) for _, event in seen] == [joined, paid]


def test_two_closings_of_a_class_that_is_not_ours_are_refused_unless_one_handler_takes_both() -> None:
    async def one(event: Any) -> None:
        raise AssertionError(event)

    async def other(event: Any) -> None:
        raise AssertionError(event)

    def clash(m: cqrs.EventMap) -> None:
        m.bind(PlainChanged[int], one)
        m.bind(PlainChanged[str], other)

    with pytest.raises(WiringError, match=r"PlainChanged\[str\]: while .* same class as .*PlainChanged\[int\].*Derive"):
        bootstrap(domain_events_mapper=clash)

    def both(m: cqrs.EventMap) -> None:
        m.bind(PlainChanged[int], one)
        m.bind(PlainChanged[str], one)
        m.bind(PlainChanged[int], other)

    bootstrap(domain_events_mapper=both)


def test_a_closed_event_is_one_class_that_its_own_class_knows() -> None:
    closed: Any = cqrs.DCNotificationEvent[Joined]
    event = closed("joined", Joined())
    assert closed is cqrs.DCNotificationEvent[Joined]
    assert type(event) is closed
    assert isinstance(event, cqrs.DCNotificationEvent)
    assert repr(event).startswith("DCNotificationEvent[Joined](event_name='joined'")
    assert cqrs.DCNotificationEvent[Any]("joined", Joined()).__class__ is cqrs.DCNotificationEvent
    with pytest.raises(TypeError, match="not a generic class"):
        cqrs.DCDomainEvent[int]  # type: ignore[misc]  # pyright: ignore[reportInvalidTypeArguments]


@pytest.mark.parametrize(
    "event",
    [
        cqrs.DCNotificationEvent[Joined]("joined", Joined()),
        Audited[Joined]("joined", Joined(), by="me"),
        Changed[int](1, [2]),
        Changed[typing.Optional[int]](None),  # noqa: UP045  # another form of an argument
    ],
)
def test_a_closed_event_is_copied_and_carried_to_another_process(event: Any) -> None:
    for again in (copy.copy(event), copy.deepcopy(event), pickle.loads(pickle.dumps(event))):  # noqa: S301
        assert type(again) is type(event)
        assert again == event
        assert again.to_dict() == event.to_dict()
    assert type(dataclasses.replace(event)) is type(event)


def test_the_payload_of_a_closed_event_is_read_through_every_class_between() -> None:
    class Between(Audited[list[T]]):
        pass

    @dataclasses.dataclass(frozen=True)
    class Last(Between[Joined]):
        note: str = ""

    joined = Joined()
    written = Last("joined", [joined], note="n")
    read = JsonDeserializer(Last)(pydantic.TypeAdapter(Any).dump_json(written.to_dict()))
    assert isinstance(read, Last)
    assert read.to_dict() == written.to_dict()
    assert read.payload == [joined]


def test_closed_events_of_two_payloads_of_one_name_do_not_replace_each_other() -> None:
    def made(where: str) -> Any:
        payload = dataclasses.make_dataclass("Payload", [], namespace={"__module__": where})
        payload.__module__ = where
        return cqrs.DCNotificationEvent[payload]  # type: ignore[valid-type]

    registry, one, other = EventRegistry(), made("one"), made("other")
    registry.register(one, "joined")
    with pytest.raises(EventNameConflict):
        registry.register(other, "joined")


OPEN = [
    (cqrs.DCNotificationEvent[Joined], lambda: cqrs.DCNotificationEvent(event_name="joined", payload=Joined())),
    (cqrs.NotificationEvent[JoinedModel], lambda: cqrs.NotificationEvent(event_name="joined", payload=JoinedModel())),
    (Changed[int], lambda: Changed(3)),
    (ChangedModel[int], lambda: ChangedModel(was=3)),
]


@pytest.mark.parametrize(("bound", "make"), OPEN)
async def test_an_event_of_the_generic_class_itself_is_refused_where_only_a_closed_one_is_bound(
    bound: Any, make: Any
) -> None:
    async def handle(event: Any) -> None: ...

    handle.__annotations__["event"] = bound
    mediator = events_bootstrap.bootstrap(events_mapper=lambda m: m.bind(bound, handle))
    with pytest.raises(OpenGenericEvent) as raised:
        await mediator.send(make())
    assert raised.value.bound == (bound,)
