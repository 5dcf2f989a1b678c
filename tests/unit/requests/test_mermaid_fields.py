from __future__ import annotations

import dataclasses
from typing import ClassVar

import attrs
import msgspec
import pytest

from cqrs.requests.mermaid import CoRMermaid
from cqrs.requests.request import Request
from tests.helpers.chains import handler_class


class PlainPay:
    order_id: str
    lines: dict[str, int]


@dataclasses.dataclass
class DataclassPay:
    order_id: str
    lines: dict[str, int]


@attrs.define
class AttrsPay:
    order_id: str
    lines: dict[str, int]


class MsgspecPay(msgspec.Struct):
    order_id: str
    lines: dict[str, int]


class PydanticPay(Request):
    order_id: str
    lines: dict[str, int]


@pytest.mark.parametrize("message", [PlainPay, DataclassPay, AttrsPay, MsgspecPay, PydanticPay])
def test_fields_of_every_kind_of_message_are_drawn(message: type) -> None:
    assert _fields(message) == ["+order_id: str", "+lines: dict[str, int]"]


@dataclasses.dataclass
class Base:
    limit: ClassVar[int] = 3
    first: int | str
    date: str | None = None


@dataclasses.dataclass
class Derived(Base):
    class Line:
        pass

    _: dataclasses.KW_ONLY
    seed: dataclasses.InitVar[int]
    lines: list[Line]
    _secret: str = ""
    first: int
    unknown: NoSuchType = None  # type: ignore[name-defined]  # noqa: F821
    unknown_limit: ClassVar[NoSuchType] = None  # type: ignore[name-defined]  # noqa: F821


def test_fields_are_what_an_instance_carries_inherited_ones_first() -> None:
    assert _fields(Derived) == [
        "+first: int",
        "+date: str | None",
        "+lines: list[Derived.Line]",
        "-#95;secret: str",
        "+unknown: NoSuchType",
    ]


def _fields(message: type) -> list[str]:
    box = CoRMermaid([handler_class("Handler", message, None)]).class_diagram().split("<<request>>\n")[1]
    return [line.strip() for line in box.split("    }\n")[0].splitlines()]
