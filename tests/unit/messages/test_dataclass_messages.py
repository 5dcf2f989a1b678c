"""Messages on dataclasses: what `to_dict` gives, and what is in JSON, is validated and built again."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import uuid
from decimal import Decimal
from typing import Any

import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cqrs
from cqrs.deserializers import DeserializeJsonError, JsonDeserializer
from cqrs.serializers.json import JsonSerializer


class Size(enum.Enum):
    SMALL = "small"
    LARGE = "large"


@dataclasses.dataclass(frozen=True)
class Line:
    sku: str
    price: Decimal
    size: Size = Size.SMALL


class Place(pydantic.BaseModel, frozen=True):
    city: str


@dataclasses.dataclass(frozen=True)
class Order:
    id: uuid.UUID
    at: dt.datetime
    day: dt.date
    lines: list[Line]
    by_sku: dict[str, Line]
    first: Line | None
    tags: frozenset[str]
    pair: tuple[int, Line]
    wait: dt.timedelta
    what: Line | int
    where: Place
    nested: list[dict[str, list[Line]]] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True)
class Noticed(cqrs.DCDomainEvent):
    order: Order
    note: str | None = None


@dataclasses.dataclass(frozen=True)
class Ordered(cqrs.DCNotificationEvent[Order]):
    pass


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Slotted(cqrs.DCNotificationEvent[Order]):
    more: list[Line]


@dataclasses.dataclass
class Ask(cqrs.DCRequest[None]):
    order: Order


@dataclasses.dataclass(frozen=True)
class Answer(cqrs.DCResponse):
    order: Order


texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
prices = st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-1000, max_value=1000)
lines = st.builds(Line, sku=texts, price=prices, size=st.sampled_from(Size))
times = st.datetimes(timezones=st.just(dt.UTC))
orders = st.builds(
    Order,
    id=st.uuids(),
    at=times,
    day=st.dates(),
    lines=st.lists(lines, max_size=2),
    by_sku=st.dictionaries(texts, lines, max_size=2),
    first=st.none() | lines,
    tags=st.frozensets(texts, max_size=2),
    pair=st.tuples(st.integers(-(2**60), 2**60), lines),
    wait=st.timedeltas(dt.timedelta(days=-30), dt.timedelta(days=30)),
    what=lines | st.integers(-(2**60), 2**60),
    where=st.builds(Place, city=texts),
    nested=st.lists(st.dictionaries(texts, st.lists(lines, max_size=1), max_size=1), max_size=1),
)
events = st.builds(Noticed, order=orders, note=st.none() | texts)
messages = st.builds(Ordered, event_name=texts, payload=orders, event_timestamp=times)
slotted = st.builds(Slotted, event_name=texts, payload=orders, more=st.lists(lines, max_size=2))
others = st.builds(Ask, order=orders) | st.builds(Answer, order=orders)


@settings(max_examples=50)
@given(events | messages | slotted | others)
@pytest.mark.slow
def test_from_dict_reads_the_result_of_to_dict(message: Any) -> None:
    kind: Any = type(message)
    read = kind.from_dict(**message.to_dict())
    assert type(read) is kind
    assert [getattr(read, f.name) for f in dataclasses.fields(kind)] == [
        getattr(message, f.name) for f in dataclasses.fields(kind)
    ]


@settings(max_examples=50)
@given(messages | slotted)
def test_a_message_written_as_json_is_read(message: Any) -> None:
    kind: Any = type(message)
    body, content_type = JsonSerializer().serialize(message)
    read = JsonSerializer().deserialize(body, content_type, kind)
    assert [getattr(read, f.name) for f in dataclasses.fields(kind)] == [
        getattr(message, f.name) for f in dataclasses.fields(kind)
    ]


def test_texts_become_what_the_fields_say() -> None:
    order = {
        "id": str(uuid.UUID(int=1)),
        "at": "2026-01-02T03:04:05Z",
        "day": "2026-01-02",
        "lines": [{"sku": "mug", "price": "1.50", "size": "large"}],
        "by_sku": {"mug": {"sku": "mug", "price": "1.50"}},
        "first": None,
        "tags": ["a"],
        "pair": [1, {"sku": "cup", "price": "2"}],
        "wait": "PT1S",
        "what": {"sku": "pan", "price": "3"},
        "where": {"city": "Rome"},
    }
    event = Noticed.from_dict(order=order)
    assert event.order == Order(
        id=uuid.UUID(int=1),
        at=dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC),
        day=dt.date(2026, 1, 2),
        lines=[Line("mug", Decimal("1.50"), Size.LARGE)],
        by_sku={"mug": Line("mug", Decimal("1.50"))},
        first=None,
        tags=frozenset("a"),
        pair=(1, Line("cup", Decimal(2))),
        wait=dt.timedelta(seconds=1),
        what=Line("pan", Decimal(3)),
        where=Place(city="Rome"),
    )


def test_a_value_that_does_not_fit_is_refused_with_its_place() -> None:
    with pytest.raises(pydantic.ValidationError, match=r"order\n"):
        Noticed.from_dict(order=7)
    wrong = JsonDeserializer(Ordered)(b'{"event_name": "n", "payload": {"id": "no id"}}')
    assert isinstance(wrong, DeserializeJsonError)
    assert "payload.id: Input should be a valid UUID" in wrong.error_message


def test_unknown_and_missing_fields_are_refused_as_by_the_constructor() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'nothing'"):
        Noticed.from_dict(order=None, nothing=1)
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'order'"):
        Noticed.from_dict(note="n")


class Strange:
    """Nothing that pydantic knows."""


@dataclasses.dataclass(frozen=True)
class Odd(cqrs.DCDomainEvent):
    it: Strange
    at: dt.date = dataclasses.field(default=dt.date(2026, 1, 1))
    length: int = dataclasses.field(init=False, default=0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "length", 7)


def test_values_of_types_unknown_to_pydantic_are_passed_through() -> None:
    it = Strange()
    read = Odd.from_dict(it=it, at="2026-01-02")
    assert (read.it, read.at, read.length) == (it, dt.date(2026, 1, 2), 7)
    with pytest.raises(pydantic.ValidationError, match="Strange"):
        Odd.from_dict(it="a text")
