"""What a message writes of itself, the same class reads: aliases, bytes, computed fields."""

from __future__ import annotations

import dataclasses
import json
from typing import Annotated, Any

import pydantic
import pytest
from pydantic.alias_generators import to_camel
from typing_extensions import TypedDict

import cqrs
from cqrs.deserializers import JsonDeserializer
from cqrs.events import bootstrap as events_bootstrap
from cqrs.events.registry import EventRegistry
from cqrs.message_brokers import MemoryMessageBroker
from cqrs.serializers.json import JsonSerializer
from tests.helpers.waiting import until


class Aliased(pydantic.BaseModel, frozen=True):
    order: str = pydantic.Field("o1", alias="orderId")


class WrittenOtherwise(pydantic.BaseModel, frozen=True):
    order: str = pydantic.Field(serialization_alias="orderId")
    sku: str = pydantic.Field(validation_alias="stockUnit")
    both: str = pydantic.Field(validation_alias="oneName", serialization_alias="otherName")
    deep: str = pydantic.Field(validation_alias=pydantic.AliasPath("in", "it"))
    many: str = pydantic.Field(validation_alias=pydantic.AliasChoices("first", "second"))


class Camel(pydantic.BaseModel, frozen=True):
    model_config = pydantic.ConfigDict(alias_generator=to_camel)
    order_id: str


class Swapped(pydantic.BaseModel, frozen=True):
    left: str = pydantic.Field("l", alias="right")
    right: str = pydantic.Field("r", alias="left")


class Base64(pydantic.BaseModel, frozen=True):
    model_config = pydantic.ConfigDict(ser_json_bytes="base64")
    data: bytes


class Hex(pydantic.BaseModel, frozen=True):
    model_config = pydantic.ConfigDict(ser_json_bytes="hex")
    data: list[bytes]


class Computes(pydantic.BaseModel, frozen=True):
    model_config = pydantic.ConfigDict(extra="forbid")
    left: int

    @pydantic.computed_field
    @property
    def double(self) -> int:
        return 2 * self.left


class Strict(pydantic.BaseModel, frozen=True):
    model_config = pydantic.ConfigDict(strict=True)
    order: Aliased
    at: pydantic.AwareDatetime


class Node(pydantic.BaseModel, frozen=True):
    name: str = pydantic.Field(serialization_alias="nodeName")
    below: list[Node] = []


class Typed(TypedDict):
    it: WrittenOtherwise


@dataclasses.dataclass(frozen=True)
class Data:
    it: WrittenOtherwise
    data: dict[str, list[Base64]]


OTHERWISE = WrittenOtherwise.model_validate(
    {"order": "o", "stockUnit": "s", "oneName": "b", "in": {"it": "d"}, "second": "m"}
)
PAYLOADS: list[Any] = [
    Aliased(orderId="o1"),
    OTHERWISE,
    Camel(orderId="o1"),
    Swapped(right="l", left="r"),
    Base64(data=b"\xff\xfe\xfd"),
    Hex(data=[b"\xff", b""]),
    Computes(left=2),
    Strict.model_validate_json('{"order": {"orderId": "o"}, "at": "2026-01-02T03:04:05Z"}'),
    Node(name="root", below=[Node(name="leaf", below=[Node(name="end")])]),
    Data(OTHERWISE, {"all": [Base64(data=b"\xff")]}),
    [Computes(left=1), Aliased(orderId="o1")],
]
WITH_PAYLOADS = pytest.mark.parametrize("payload", PAYLOADS, ids=lambda p: type(p).__name__)


def kinds(payload: Any) -> list[Any]:
    closed: Any = list[Computes | Aliased] if isinstance(payload, list) else type(payload)
    return [cqrs.NotificationEvent[closed], cqrs.ECSTEvent[closed], cqrs.DCNotificationEvent[closed]]


@WITH_PAYLOADS
def test_a_written_event_is_read(payload: Any) -> None:
    for kind in kinds(payload):
        event = kind(event_name="n", payload=payload)
        body, content_type = JsonSerializer().serialize(event)
        for read in (JsonSerializer().deserialize(body, content_type, kind), JsonDeserializer(kind)(body)):
            assert (type(read), read.payload, read.topic) == (kind, payload, event.topic)


@WITH_PAYLOADS
def test_from_dict_reads_the_result_of_to_dict(payload: Any) -> None:
    if isinstance(payload, Swapped):
        pytest.skip("its names are the aliases of its other fields: only what is written by aliases tells them apart")
    for kind in kinds(payload):
        event = kind(event_name="n", payload=payload)
        assert kind.from_dict(**event.to_dict()).payload == payload


@pytest.mark.parametrize("payload", [OTHERWISE, Base64(data=b"\xff"), Computes(left=1)], ids=lambda p: type(p).__name__)
@pytest.mark.parametrize("place", [0, 2])
async def test_a_stored_event_reaches_a_handler(payload: Any, place: int) -> None:
    kind = kinds(payload)[place]
    handled: list[Any] = []

    async def handle(event: Any) -> None:
        handled.append(event.payload)

    registry = EventRegistry()
    registry.register(kind, "n")
    db, broker = cqrs.MemoryDatabase(registry=registry), MemoryMessageBroker()
    async with db.transaction():
        db.outbox.add(kind(event_name="n", topic="t", payload=payload))
    mediator = events_bootstrap.bootstrap(database=db, events_mapper=lambda m: m.bind(kind, handle))
    consumer = cqrs.Consumer(broker.source("t"), mediator, name="c", database=db)
    async with cqrs.OutboxRelay(db.outbox, broker), consumer:
        await until(lambda: handled)
    assert handled == [payload]


def test_aliases_bytes_and_computed_fields_travel() -> None:
    def written(payload: Any) -> Any:
        return json.loads(JsonSerializer().serialize(cqrs.NotificationEvent(event_name="n", payload=payload))[0])[
            "payload"
        ]

    assert written(Aliased(orderId="o1")) == {"orderId": "o1"}
    assert written(OTHERWISE) == {"orderId": "o", "sku": "s", "otherName": "b", "deep": "d", "many": "m"}
    assert written(Base64(data=b"\xff\xfe\xfd")) == {"data": "__79"}
    assert written(Computes(left=2)) == {"left": 2, "double": 4}


def test_payloads_written_by_field_name_in_earlier_versions_are_still_read() -> None:
    read = JsonDeserializer(cqrs.NotificationEvent[Aliased])(b'{"event_name": "n", "payload": {"order": "o7"}}')
    assert isinstance(read, cqrs.NotificationEvent)
    assert read.payload.order == "o7"


def test_a_model_that_forbids_extra_fields_still_does_where_it_computes_none() -> None:
    class Forbids(pydantic.BaseModel, frozen=True):
        model_config = pydantic.ConfigDict(extra="forbid")
        order: str = pydantic.Field(serialization_alias="orderId")

    with pytest.raises(pydantic.ValidationError, match="extra"):
        cqrs.NotificationEvent[Forbids].from_dict(event_name="n", payload={"order": "o", "other": 1})


def test_a_custom_to_dict_defines_the_written_content() -> None:
    class Own(cqrs.NotificationEvent[int]):
        def to_dict(self) -> dict[str, Any]:
            return {"mine": self.payload}

    assert JsonSerializer().serialize(Own(event_name="n", payload=7))[0] == b'{"mine":7}'


def test_a_model_that_has_no_hash_is_read() -> None:
    model: Any = Annotated[dict[str, Aliased], {"no": "hash"}]
    assert JsonDeserializer(model)(b'{"a": {"order": "o7"}}') == {"a": Aliased(orderId="o7")}
