"""Events whose class declares their name and topic are made without them; what stays required is."""

from __future__ import annotations

import dataclasses
from typing import assert_type

import pydantic

import cqrs


class Line(pydantic.BaseModel, frozen=True):
    order_id: str


@cqrs.event_type("typing.placed", version=1, topic="orders", key="order_id")
class Placed(cqrs.NotificationEvent[Line]): ...


@cqrs.event_type("typing.packed", key=lambda event: event.payload.order_id)
@dataclasses.dataclass(frozen=True)
class Packed(cqrs.DCNotificationEvent[Line]):
    note: str = ""


assert_type(Placed(payload=Line(order_id="o1")).payload, Line)
assert_type(Placed(event_name="said", topic="t", payload=Line(order_id="o1")), Placed)
assert_type(Packed(payload=Line(order_id="o1"), note="n").payload, Line)
assert_type(Packed("said", Line(order_id="o1")).message_key, str | None)
Placed(event_name="said")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
Placed(payload="no line")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
