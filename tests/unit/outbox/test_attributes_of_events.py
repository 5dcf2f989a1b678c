"""Key, headers and delay of a notification, taken from the event itself or from the message that caused it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any

import pydantic
import pytest

import cqrs
from cqrs.context import carrying, consuming, context_headers
from cqrs.envelope import Envelope
from cqrs.errors import DelayNeedsOutbox
from cqrs.events import bootstrap as events
from cqrs.events.registry import EventRegistry
from cqrs.message_brokers.memory.broker import MemoryMessageBroker
from cqrs.outbox import MemoryOutboxedEventRepository, OutboxedEventMap
from cqrs.requests import bootstrap as requests

if TYPE_CHECKING:
    from collections.abc import Mapping


class Order(pydantic.BaseModel, frozen=True):
    id: int
    wait: float | None = None


@cqrs.event_type("order_placed", version=3)
class OrderPlaced(cqrs.NotificationEvent[Order]):
    event_name: str = "order_placed"
    topic: str = "orders"

    @property
    def message_key(self) -> str:
        return str(self.payload.id)

    @property
    def message_headers(self) -> Mapping[str, str]:
        return {"region": "eu", "tenant": "t1"}

    @property
    def message_delay(self) -> float | None:
        return self.payload.wait


class Plain(cqrs.NotificationEvent[int]):
    event_name: str = "plain"


@dataclasses.dataclass(frozen=True)
class OrderPacked(cqrs.DCNotificationEvent[int]):
    message_key: str | None = None


class Place(cqrs.Request):
    event: Any


class PlaceHandler(cqrs.RequestHandler[Place, None]):
    async def handle(self, request: Place) -> None:
        self.record(request.event)


class Follow(cqrs.EventHandler[Plain]):
    async def handle(self, event: Plain) -> None:
        self.record(OrderPlaced(payload=Order(id=event.payload)))


def an_outbox() -> MemoryOutboxedEventRepository:
    registry = EventRegistry()
    registry.register(OrderPlaced)
    registry.register(Plain, "plain")
    registry.register(OrderPacked, "packed")
    return MemoryOutboxedEventRepository(registry=registry)


async def stored(outbox: MemoryOutboxedEventRepository, event: Any, **options: Any) -> Any:
    async with outbox:
        outbox.add(event, **options)
        await outbox.commit()
    return list(outbox.store.rows.values())[-1]


async def test_the_emitter_asks_the_event_for_key_and_headers() -> None:
    outbox = an_outbox()
    mediator = requests.bootstrap(
        outbox=outbox,
        separate_outbox_transaction=True,
        commands_mapper=lambda m: m.bind(Place, PlaceHandler),
    )
    await mediator.send(Place(event=OrderPlaced(payload=Order(id=7, wait=60.0))))
    (row,) = outbox.store.rows.values()
    assert row.new.envelope.key == "7"
    assert row.new.envelope.headers == {"region": "eu", "tenant": "t1"}
    assert row.due_at is not None


async def test_without_an_outbox_the_broker_gets_key_headers_and_version() -> None:
    broker = MemoryMessageBroker()
    mediator = requests.bootstrap(message_broker=broker, commands_mapper=lambda m: m.bind(Place, PlaceHandler))
    await mediator.send(Place(event=OrderPlaced(payload=Order(id=7))))
    (message,) = broker.sent
    assert (message.key, message.headers, message.version) == ("7", {"region": "eu", "tenant": "t1"}, 3)


async def test_arguments_of_add_override_the_attributes_of_the_event() -> None:
    event = OrderPlaced(payload=Order(id=7, wait=60.0))
    due_at = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
    row = await stored(an_outbox(), event, key="k", headers={"region": "us"}, due_at=due_at)
    assert row.new.envelope.key == "k"
    assert row.new.envelope.headers == {"region": "us", "tenant": "t1"}
    assert (row.new.delay, row.due_at) == (None, due_at)
    assert (await stored(an_outbox(), event, delay=5)).new.delay == 5.0


async def test_an_event_without_attributes_has_no_key_no_headers_and_no_delay() -> None:
    row = await stored(an_outbox(), Plain(payload=1))
    assert (row.new.envelope.key, row.new.envelope.headers, row.due_at) == (None, {}, None)


async def test_message_attributes_of_an_event_are_not_in_its_body() -> None:
    row = await stored(an_outbox(), OrderPlaced(payload=Order(id=7)))
    assert not {name for name in row.new.envelope.json() if name.startswith("message_")}


@pytest.mark.parametrize("key", [None, "k"])
async def test_a_field_may_say_it_too(key: str | None) -> None:
    row = await stored(an_outbox(), OrderPacked(event_name="packed", payload=1, message_key=key))
    assert row.new.envelope.key == key


async def test_a_dataclass_may_have_a_required_field_of_such_a_name() -> None:
    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Keyed(cqrs.DCNotificationEvent[int]):
        message_key: str

    assert Keyed(event_name="keyed", payload=1, message_key="k").message_key == "k"
    with pytest.raises(TypeError, match="message_key"):
        Keyed(event_name="keyed", payload=1)  # type: ignore[call-arg]


async def test_a_delay_without_an_outbox_fails_the_turn_before_its_commit() -> None:
    broker = MemoryMessageBroker()
    unit = cqrs.MemoryUnitOfWork()
    mediator = requests.bootstrap(message_broker=broker, commands_mapper=lambda m: m.bind(Place, PlaceHandler))
    with pytest.raises(DelayNeedsOutbox, match="pass an outbox"):
        async with unit:
            unit.enlist(lambda: pytest.fail("it was committed"))
            await mediator.send(Place(event=OrderPlaced(payload=Order(id=7, wait=60.0))))
    assert broker.sent == ()


def consumed(**headers: str) -> Envelope:
    return Envelope(message_id=uuid.uuid4(), name="plain", topic="t", body=b"1", headers=headers)


async def test_messages_caused_by_a_message_name_it() -> None:
    broker = MemoryMessageBroker()
    mediator = events.bootstrap(message_broker=broker, events_mapper=lambda m: m.bind(Plain, Follow))
    came = consumed(**{"correlation-id": "c1", "causation-id": "older", "traceparent": "00-ab-cd-01", "other": "x"})
    with consuming(came):
        await mediator.send(Plain(payload=1))
    assert broker.sent[0].headers == {
        "correlation-id": "c1",
        "causation-id": str(came.message_id),
        "traceparent": "00-ab-cd-01",
        "region": "eu",
        "tenant": "t1",
    }


async def test_messages_caused_by_a_message_name_it_in_the_outbox_too() -> None:
    came = consumed()
    with consuming(came):
        row = await stored(an_outbox(), Plain(payload=1), headers={"causation-id": "mine"})
    assert row.new.envelope.headers == {"correlation-id": str(came.message_id), "causation-id": "mine"}


def test_a_message_takes_nothing_from_what_is_around_it() -> None:
    with carrying({"correlation-id": "c1", "tenant": "t"}):
        with carrying({"tenant": "u"}):
            assert context_headers() == {"correlation-id": "c1", "tenant": "u"}
        with consuming(came := consumed()):
            assert context_headers() == dict.fromkeys(("correlation-id", "causation-id"), str(came.message_id))
        assert context_headers() == {"correlation-id": "c1", "tenant": "t"}
    assert context_headers() == {}


async def test_messages_that_wait_for_a_commit_name_their_cause_too() -> None:
    broker, came = MemoryMessageBroker(), consumed()
    mediator = requests.bootstrap(message_broker=broker, commands_mapper=lambda m: m.bind(Place, PlaceHandler))
    async with cqrs.MemoryUnitOfWork():
        with consuming(came):
            await mediator.send(Place(event=Plain(payload=1)))
        assert broker.sent == ()
    assert broker.sent[0].headers["causation-id"] == str(came.message_id)


def test_the_map_finds_a_type_by_name_and_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OutboxedEventMap, "registry", EventRegistry())
    OutboxedEventMap.register("order_placed", OrderPlaced)
    assert OutboxedEventMap.get("order_placed", 3) is OrderPlaced
    assert OutboxedEventMap.get("order_placed", version=2) is None
