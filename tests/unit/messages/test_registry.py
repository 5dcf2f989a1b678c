from __future__ import annotations

import dataclasses

import attrs
import msgspec
import pytest

import cqrs
from cqrs.errors import EventNameConflict, UnknownEvent


@cqrs.event_type("order_placed", version=2)
class OrderPlaced(cqrs.DomainEvent):
    pass


class SpecialOrderPlaced(OrderPlaced):
    pass


@cqrs.event_type("plain")
@dataclasses.dataclass(frozen=True, slots=True)
class Plain:
    pass


@cqrs.event_type("attrs")
@attrs.frozen
class Attrs:
    pass


@cqrs.event_type("struct")
class Struct(msgspec.Struct, frozen=True):
    pass


@pytest.mark.parametrize(
    ("cls", "name"),
    [
        (OrderPlaced, ("order_placed", 2)),
        (SpecialOrderPlaced, ("SpecialOrderPlaced", 1)),
        (Plain, ("plain", 1)),
        (Attrs, ("attrs", 1)),
        (Struct, ("struct", 1)),
        (cqrs.NotificationEvent[OrderPlaced], ("NotificationEvent[OrderPlaced]", 1)),
    ],
)
def test_every_event_type_has_a_name_and_is_found_by_it(cls: type, name: tuple[str, int]) -> None:
    registry = cqrs.EventRegistry()
    assert registry.name_of(cls) == name
    assert registry.type_of(*name) is cls


def test_an_explicit_name_wins_over_the_declared_one() -> None:
    registry = cqrs.EventRegistry()
    registry.register(OrderPlaced, "placed", 3)
    assert registry.name_of(OrderPlaced) == ("placed", 3)


def test_two_types_cannot_share_a_name_and_version() -> None:
    registry = cqrs.EventRegistry()
    registry.register(OrderPlaced)
    registry.register(OrderPlaced)
    registry.register(Plain, "order_placed", 3)
    with pytest.raises(EventNameConflict, match="another name or version") as caught:
        registry.register(Attrs, "order_placed", 2)
    assert caught.value.event_types == (OrderPlaced, Attrs)
    assert registry.type_of("order_placed", 2) is OrderPlaced


def test_an_unknown_name_is_reported_clearly() -> None:
    with pytest.raises(UnknownEvent, match="'gone' version 4") as caught:
        cqrs.EventRegistry().type_of("gone", 4)
    assert (caught.value.name, caught.value.version) == ("gone", 4)
