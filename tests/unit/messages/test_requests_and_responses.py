from __future__ import annotations

import dataclasses
from typing import Any, Generic, TypeVar

import pydantic
import pytest

import cqrs
from cqrs.requests.request import declared_response


class Placed(cqrs.Response):
    order_id: str


class PlaceOrder(cqrs.Request[Placed]):
    sku: str
    quantity: int = 1


@dataclasses.dataclass
class Address:
    city: str


@dataclasses.dataclass
class Ship(cqrs.DCRequest[Placed]):
    address: Address


@dataclasses.dataclass
class Shipped(cqrs.DCResponse):
    tracking: str


class Own(cqrs.IRequest):
    def __init__(self, number: int) -> None:
        self.number = number

    def to_dict(self) -> dict[str, object]:
        return {"number": self.number}

    @classmethod
    def from_dict(cls, **kwargs: int) -> Own:
        return cls(**kwargs)


@pytest.mark.parametrize(
    "message",
    [
        PlaceOrder(sku="mug", quantity=2),
        Placed(order_id="o-1"),
        Shipped(tracking="T1"),
        Own(3),
    ],
    ids=lambda message: type(message).__name__,
)
def test_a_message_survives_the_way_through_plain_values(message: cqrs.IRequest) -> None:
    assert type(message).from_dict(**message.to_dict()).to_dict() == message.to_dict()


def test_nested_dataclasses_become_dictionaries() -> None:
    assert Ship(Address("Berlin")).to_dict() == {"address": {"city": "Berlin"}}


def test_pydantic_refuses_fields_that_do_not_fit() -> None:
    with pytest.raises(pydantic.ValidationError, match="quantity"):
        PlaceOrder.from_dict(sku="mug", quantity="many")


def test_an_abstract_message_cannot_be_made() -> None:
    with pytest.raises(TypeError, match="abstract"):
        cqrs.IRequest()  # type: ignore[abstract]


class Express(PlaceOrder):
    pass


class Undeclared(cqrs.Request):
    pass


class AnswersNothing(cqrs.Request[None]):
    pass


R = TypeVar("R")


class Command(cqrs.Request[R], Generic[R]):
    user: str = "nobody"


class PlaceByUser(Command[Placed]):
    pass


class DCCommand(cqrs.DCRequest[R], Generic[R]):
    pass


@dataclasses.dataclass
class ShipByUser(DCCommand[Placed]):
    user: str


@pytest.mark.parametrize(
    ("request_type", "answer"),
    [
        (PlaceOrder, Placed),
        (Express, Placed),
        (Ship, Placed),
        (PlaceByUser, Placed),
        (ShipByUser, Placed),
        (AnswersNothing, None),
        (Undeclared, Any),
        (Command, Any),
        (DCCommand, Any),
        (Own, Any),
    ],
)
def test_the_declared_answer_is_known_at_run_time(request_type: type, answer: object) -> None:
    assert declared_response(request_type) is answer


def test_the_pydantic_names_are_the_same_classes() -> None:
    assert cqrs.PydanticRequest is cqrs.Request
    assert cqrs.PydanticResponse is cqrs.Response
    assert cqrs.PydanticEvent is cqrs.Event
