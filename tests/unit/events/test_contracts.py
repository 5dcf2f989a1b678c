"""What a class declares once, with `@cqrs.event_type`: name, version, topic and key of its messages."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import importlib
import logging
import sys
import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pydantic
import pytest

import cqrs
from cqrs.errors import EventNameConflict, InvalidArgument, NoMessageKey, WiringError
from cqrs.events import bootstrap as events_bootstrap
from cqrs.events.registry import EventRegistry, default_registry
from cqrs.message_brokers import MemoryMessageBroker
from cqrs.requests import bootstrap
from tests.helpers.waiting import until

if TYPE_CHECKING:
    from pathlib import Path


class Customer(pydantic.BaseModel, frozen=True):
    id: Any = "c1"


class Line(pydantic.BaseModel, frozen=True):
    order_id: Any = "o1"
    customer: Customer = Customer()


@dataclasses.dataclass(frozen=True)
class DCLine:
    order_id: Any = "o1"
    customer: Customer = dataclasses.field(default_factory=Customer)


@cqrs.event_type("contracts.placed", version=2, topic="orders", key="order_id")
class Placed(cqrs.NotificationEvent[Line]):
    pass


@cqrs.event_type("contracts.dc_placed", version=2, topic="orders", key="order_id")
@dataclasses.dataclass(frozen=True)
class DCPlaced(cqrs.DCNotificationEvent[DCLine]):
    note: str = ""


@dataclasses.dataclass(frozen=True)
@cqrs.event_type("contracts.dc_below", version=2, topic="orders", key="order_id")
class DCPlacedBelow(cqrs.DCNotificationEvent[DCLine]):
    note: str = ""


@cqrs.event_type("contracts.state", version=2, topic="orders", key="order_id")
class OrderState(cqrs.ECSTEvent[Line]):
    pass


@cqrs.event_type("contracts.own", version=2, topic="orders", key="order_id")
@dataclasses.dataclass(frozen=True)
class OwnPlaced(cqrs.INotificationEvent[Any]):
    payload: Any
    event_id: uuid.UUID = dataclasses.field(default_factory=uuid.uuid4)

    if TYPE_CHECKING:
        event_name: str = ""
        topic: str = ""

    def to_dict(self) -> dict[str, Any]:
        return {"event_id": self.event_id, "payload": dataclasses.asdict(self.payload)}

    @classmethod
    def from_dict(cls, **kwargs: Any) -> OwnPlaced:
        return cls(**kwargs)


class LargePlaced(Placed):
    """Declares nothing: it has the name of its base class."""


@dataclasses.dataclass(frozen=True)
class DCLargePlaced(DCPlaced):
    size: int = 0


@cqrs.event_type("contracts.special", version=3)
class SpecialPlaced(Placed):
    pass


KINDS: list[tuple[Any, Any, str, int]] = [
    (Placed, Line, "contracts.placed", 2),
    (DCPlaced, DCLine, "contracts.dc_placed", 2),
    (DCPlacedBelow, DCLine, "contracts.dc_below", 2),
    (OrderState, Line, "contracts.state", 2),
    (OwnPlaced, DCLine, "contracts.own", 2),
    (LargePlaced, Line, "contracts.placed", 2),
    (DCLargePlaced, DCLine, "contracts.dc_placed", 2),
    (SpecialPlaced, Line, "contracts.special", 3),
]


class Record(cqrs.Request[None]):
    event: Any


async def record(command: Record, events: cqrs.EventRecorder) -> None:
    events.record(command.event)


@pytest.mark.parametrize(("cls", "payload", "name", "version"), KINDS)
async def test_a_class_declares_name_version_topic_and_key_once(
    cls: Any, payload: Any, name: str, version: int
) -> None:
    db = cqrs.MemoryDatabase()
    mediator = bootstrap.bootstrap(database=db, commands_mapper=lambda m: m.bind(Record, record))
    event = cls(payload=payload(order_id="o7"))
    await mediator.send(Record(event=event))
    broker = MemoryMessageBroker()
    straight = bootstrap.bootstrap(message_broker=broker, commands_mapper=lambda m: m.bind(Record, record))
    await straight.send(Record(event=event))
    for sent in ((await db.outbox.get_many())[0].envelope, broker.sent[0].to_envelope()):
        assert sent is not None
        assert (sent.name, sent.version, sent.topic, sent.key) == (name, version, "orders", "o7")


@pytest.mark.parametrize("cls", [Placed, OrderState])
def test_arguments_of_an_event_override_its_class(cls: Any) -> None:
    event = cls(event_name="said", topic="elsewhere", payload=Line())
    assert (event.event_name, event.topic, event.message_key) == ("said", "elsewhere", "o1")
    assert cls(event_topic="elsewhere", payload=Line()).topic == "elsewhere"


def test_arguments_of_a_dataclass_event_override_its_class() -> None:
    by_place = DCPlaced("said", DCLine(), uuid.UUID(int=1), dt.datetime.now(dt.UTC), "elsewhere")
    by_name = DCPlaced(event_name="said", topic="elsewhere", payload=DCLine())
    assert {(e.event_name, e.topic, e.event_id == uuid.UUID(int=1)) for e in (by_place, by_name)} == {
        ("said", "elsewhere", True),
        ("said", "elsewhere", False),
    }
    changed = dataclasses.replace(by_name, note="n")
    assert (changed.event_name, changed.topic, changed.event_id) == ("said", "elsewhere", by_name.event_id)


async def test_a_key_of_the_call_counts_before_that_of_the_class() -> None:
    db = cqrs.MemoryDatabase()
    async with db.transaction():
        db.outbox.add(Placed(payload=Line()), key="mine")
    assert [sent.envelope.key for sent in await db.outbox.get_many() if sent.envelope] == ["mine"]


def test_a_class_that_declares_nothing_still_needs_a_name() -> None:
    with pytest.raises(pydantic.ValidationError, match="event_name"):
        cqrs.NotificationEvent[Line](payload=Line())
    with pytest.raises(TypeError, match="event_name"):
        cqrs.DCNotificationEvent(payload=DCLine())


@pytest.mark.parametrize("cls", [Placed, DCPlaced])
def test_names_are_there_when_fields_are_read(cls: Any) -> None:
    read = cls.from_dict(payload={"order_id": "o1"})
    assert (read.topic, read.message_key) == ("orders", "o1")
    assert read.event_name == default_registry.name_of(cls).name


class Size(enum.Enum):
    LARGE = "large"


@pytest.mark.parametrize(
    ("value", "key"),
    [
        ("o1", "o1"),
        (17, "17"),
        (uuid.UUID(int=7), str(uuid.UUID(int=7))),
        (Decimal("1.50"), "1.50"),
        (Size.LARGE, "large"),
        (dt.date(2026, 1, 2), "2026-01-02"),
    ],
)
def test_a_key_is_the_text_of_a_number_an_id_or_a_date(value: object, key: str) -> None:
    assert Placed(payload=Line(order_id=value)).message_key == key
    assert DCPlaced(payload=DCLine(order_id=value)).message_key == key


@pytest.mark.parametrize("value", [None, True, 1.5, b"o1", ["o1"], {"id": 1}])
async def test_a_key_that_is_no_text_is_refused_when_the_event_is_recorded(value: object) -> None:
    db = cqrs.MemoryDatabase()
    mediator = bootstrap.bootstrap(database=db, commands_mapper=lambda m: m.bind(Record, record))
    with pytest.raises(NoMessageKey, match="Placed takes its message key from 'order_id': it is ") as caught:
        await mediator.send(Record(event=Placed(payload=Line(order_id=value))))
    assert (caught.value.event_type, caught.value.key) == (Placed, "order_id")
    assert await db.outbox.get_many() == []


def test_a_key_is_found_by_a_path_through_models_dataclasses_and_dictionaries() -> None:
    @cqrs.event_type("contracts.path", key="customer.id")
    class ByPath(cqrs.NotificationEvent[Any]):
        pass

    nested: list[Any] = [Line(), DCLine(), {"customer": {"id": "c1"}}, {"customer": Customer()}]
    assert {ByPath(payload=payload).message_key for payload in nested} == {"c1"}
    with pytest.raises(NoMessageKey, match=r"from 'customer.id': dict has no 'id'"):
        _ = ByPath(payload={"customer": {}}).message_key


def test_a_key_is_made_by_a_function_which_may_say_that_there_is_none() -> None:
    @cqrs.event_type("contracts.function", key=lambda event: event.payload or None)
    class ByFunction(cqrs.NotificationEvent[Any]):
        pass

    assert ByFunction(payload=5).message_key == "5"
    assert ByFunction(payload=0).message_key is None
    with pytest.raises(NoMessageKey, match="key= returns"):
        _ = ByFunction(payload=[1]).message_key


def test_a_key_of_an_event_without_payload_is_one_of_its_own_fields() -> None:
    @cqrs.event_type("contracts.flat", key="order_id")
    @dataclasses.dataclass
    class Flat(cqrs.INotificationEvent[Any]):
        order_id: str

        def to_dict(self) -> dict[str, Any]:
            return {}

        @classmethod
        def from_dict(cls, **kwargs: Any) -> Flat:
            return cls(**kwargs)

    assert Flat("o1").message_key == "o1"


@pytest.mark.parametrize(
    ("said", "base", "match"),
    [
        ({"key": "order"}, cqrs.NotificationEvent[Line], "Line has no 'order', name one of its fields: order_id"),
        ({"key": "customer.no"}, cqrs.NotificationEvent[Line], "Customer has no 'no'"),
        ({"key": "order id"}, cqrs.NotificationEvent[Line], "name a field of the payload"),
        ({"key": 7}, cqrs.NotificationEvent[Line], "name a field of the payload"),
        ({"topic": ""}, cqrs.NotificationEvent[Line], "a topic is a text"),
        ({"topic": "t"}, cqrs.DomainEvent, "stays in this service"),
        ({"key": "k"}, cqrs.DomainEvent, "stays in this service"),
        ({"version": 0}, cqrs.DomainEvent, "whole numbers from 1"),
    ],
)
def test_meaningless_arguments_are_refused_at_the_class(said: dict[str, Any], base: type, match: str) -> None:
    with pytest.raises(InvalidArgument, match=match):
        cqrs.event_type("contracts.wrong", **said)(type("Wrong", (base,), {"__module__": __name__}))
    with pytest.raises(cqrs.errors.UnknownEvent):
        default_registry.type_of("contracts.wrong")


def test_a_forgotten_call_of_the_decorator_is_refused() -> None:
    with pytest.raises(InvalidArgument, match=r'@cqrs.event_type\("order_placed"\)'):

        @cqrs.event_type  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        class Forgotten(cqrs.DomainEvent):  # pyright: ignore[reportUnusedClass]
            pass


def test_a_second_name_topic_or_key_on_the_class_is_refused() -> None:
    class Named(cqrs.NotificationEvent[Line]):
        event_name: str = "named"
        topic: str = "there"

        @property
        def message_key(self) -> str:
            return "k"

    with pytest.raises(InvalidArgument, match=r"Named.event_name is 'named' by default: say it once"):
        cqrs.event_type("contracts.other")(Named)
    with pytest.raises(InvalidArgument, match=r"Named.topic is 'there' by default"):
        cqrs.event_type("named", topic="here")(Named)
    with pytest.raises(InvalidArgument, match="has a message_key of its own"):
        cqrs.event_type("named", topic="there", key="order_id")(Named)


def test_a_name_of_two_classes_is_refused_with_both_modules() -> None:
    class Placed(cqrs.NotificationEvent[Line]):
        pass

    with pytest.raises(EventNameConflict) as caught:
        cqrs.event_type("contracts.placed", version=2)(Placed)
    place = f"{__name__}.Placed"
    assert str(caught.value).startswith(f"{place} and {__name__}.test_a_name_of_two_classes")
    assert default_registry.type_of("contracts.placed", 2) is not Placed
    assert not hasattr(Placed, "__cqrs_event_name__")


MODULE = """
import cqrs
@cqrs.event_type("contracts.reloaded", topic="t", key="id")
class Reloaded(cqrs.NotificationEvent[dict[str, str]]): ...
"""


def test_a_module_that_is_loaded_again_replaces_its_classes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cqrs_reloaded_contracts.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module("cqrs_reloaded_contracts")
    first = module.Reloaded
    second = importlib.reload(module).Reloaded
    del sys.modules["cqrs_reloaded_contracts"]
    assert first is not second
    assert default_registry.type_of("contracts.reloaded") is second
    assert second in default_registry
    assert first not in default_registry


def test_closed_generics_of_two_payloads_of_one_name_do_not_replace_each_other() -> None:
    def made(where: str) -> type[Any]:
        payload = pydantic.create_model("Payload", __module__=where)
        return cqrs.NotificationEvent[payload]  # type: ignore[valid-type]

    registry = EventRegistry()
    registry.register(made("one"), "joined")
    with pytest.raises(EventNameConflict):
        registry.register(made("other"), "joined")


async def test_a_message_goes_from_handler_to_handler_with_nothing_registered_by_hand(tmp_path: Path) -> None:
    handled: list[Any] = []

    async def react(event: Placed) -> None:
        handled.append(event)

    database = cqrs.Database(f"sqlite+aiosqlite:///{tmp_path}/contracts.db")
    broker = MemoryMessageBroker()
    async with database as db:
        await db.upgrade()
        mediator = bootstrap.bootstrap(database=db, commands_mapper=lambda m: m.bind(Record, record))
        reacting = events_bootstrap.bootstrap(database=db, events_mapper=lambda m: m.bind(Placed, react))
        consumer = cqrs.Consumer(broker.source("orders", group="g"), reacting, name="contracts", database=db)
        event = Placed(payload=Line(order_id="o1"))
        await mediator.send(Record(event=event))
        async with cqrs.OutboxRelay(db.outbox, broker), consumer:
            await until(lambda: handled)
    assert [each.to_dict() for each in handled] == [event.to_dict()]
    assert type(handled[0]) is Placed
    assert broker.sent[0].key == "o1"


class Unregistered(cqrs.NotificationEvent[Line]):
    pass


async def test_a_handler_of_an_unregistered_message_stops_the_start_of_a_consumer() -> None:
    async def react(event: Unregistered) -> None:
        raise AssertionError(event)

    async def follow(event: Record) -> None:
        raise AssertionError(event)

    def mapper(m: cqrs.EventMap) -> None:
        m.bind(Unregistered, react)
        m.bind(Record, follow)  # is not received, and needs no name

    db = cqrs.MemoryDatabase()
    mediator = events_bootstrap.bootstrap(database=db, events_mapper=mapper)
    consumer = cqrs.Consumer(MemoryMessageBroker().source("t"), mediator, name="c", database=db)
    with pytest.raises(WiringError, match=r"Unregistered: .* registered under no name.*@cqrs.event_type") as caught:
        await consumer.run()
    assert [problem.subject for problem in caught.value.problems] == ["Unregistered"]
    db.registry.register(Unregistered, "contracts.by_hand")
    async with consumer:
        await consumer.started()


def test_a_message_meant_for_handlers_of_the_service_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    class Leaves(cqrs.NotificationEvent[Line]):
        pass

    async def react(event: Leaves) -> None:
        raise AssertionError(event)

    def mapper(m: cqrs.EventMap) -> None:
        m.bind(Leaves, react)

    with caplog.at_level(logging.WARNING, "cqrs"):
        for _ in range(2):
            bootstrap.bootstrap(domain_events_mapper=mapper)
        events_bootstrap.bootstrap(events_mapper=mapper)
    (told,) = [message for message in caplog.messages if "Leaves" in message]
    assert "is a message for other services" in told
