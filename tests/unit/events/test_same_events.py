"""Events in a set: messages are equal if their ids are, and every event can be in one."""

from __future__ import annotations

import dataclasses
import uuid
from typing import Any

import pydantic
import pytest

import cqrs


class Loose(pydantic.BaseModel):
    """Has no hash."""

    order: str = "o1"


class Joined(cqrs.NotificationEvent[Any]):
    event_name: str = "joined"


@dataclasses.dataclass(frozen=True)
class DCJoined(cqrs.DCNotificationEvent[Any]):
    note: str = ""


MESSAGES = [cqrs.NotificationEvent[Any], Joined, cqrs.ECSTEvent[Any], cqrs.DCNotificationEvent, DCJoined]


@pytest.mark.parametrize("payload", [{"a": [1]}, [1], {1}, Loose(), None], ids=lambda p: type(p).__name__)
@pytest.mark.parametrize("kind", MESSAGES)
def test_messages_with_any_payload_are_found_by_their_id(kind: Any, payload: Any) -> None:
    event = kind(event_name="joined", payload=payload)
    again = kind(event_name="joined", payload=dict, topic="elsewhere", event_id=event.event_id)
    other = kind(event_name="joined", payload=payload)
    assert {event, again, other} == {event, other}
    assert event == again
    assert event != other
    assert event != event.event_id
    assert event in {event.event_id: 1, again: 2}


def test_one_id_on_two_kinds_of_messages_does_not_make_them_one() -> None:
    same = uuid.uuid4()
    one = Joined(payload=1, event_id=same)
    other = DCJoined("joined", 1, event_id=same)
    assert one != other
    assert len({one, other}) == 2
    assert cqrs.NotificationEvent[Any](event_name="joined", payload=1, event_id=same) == one


class Noticed(cqrs.DomainEvent):
    what: Any


@dataclasses.dataclass
class DCNoticed(cqrs.DCDomainEvent):
    what: Any


@dataclasses.dataclass(frozen=True)
class DCFrozenNoticed(cqrs.DCDomainEvent):
    what: Any


@pytest.mark.parametrize("what", [{"a": [{"b": 1}]}, [1], {1, 2}, ([1],), Loose(), 1], ids=lambda w: type(w).__name__)
@pytest.mark.parametrize("kind", [Noticed, DCNoticed, DCFrozenNoticed])
def test_domain_events_with_any_field_can_be_in_a_set_and_are_equal_by_their_fields(kind: Any, what: Any) -> None:
    assert len({kind(what=what), kind(what=what), kind(what="other")}) == 2
    assert len({kind(what={"a": 1, "b": 2}), kind(what={"b": 2, "a": 1})}) == 1


def test_a_comparison_of_ones_own_stays() -> None:
    @dataclasses.dataclass(frozen=True)
    class Own(cqrs.DCNotificationEvent[Any]):
        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return 7

    assert hash(Own("n", 1)) == 7
    assert Own("n", 1) == 5
