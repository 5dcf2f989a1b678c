from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
from typing import Any

import pydantic
import pytest

import cqrs
from cqrs.errors import ImmutableEventError, ProtobufNotImplemented


class Joined(pydantic.BaseModel, frozen=True):
    user_id: str


class UserJoined(cqrs.DomainEvent):
    user_id: str


@dataclasses.dataclass
class Open(cqrs.DCDomainEvent):
    user_id: str
    room: str = "lobby"


@dataclasses.dataclass(frozen=True)
class Frozen(cqrs.DCDomainEvent):
    user_id: str


@dataclasses.dataclass(slots=True)
class Slotted(cqrs.DCDomainEvent):
    user_id: str


NotificationType = type[cqrs.NotificationEvent[Any]] | type[cqrs.DCNotificationEvent[Any]]
notifications = pytest.mark.parametrize("event_class", [cqrs.NotificationEvent, cqrs.DCNotificationEvent])


@pytest.mark.parametrize("event", [Open("u"), Frozen("u"), Slotted("u"), UserJoined(user_id="u")], ids=repr)
def test_an_event_cannot_be_changed(event: Any) -> None:
    with pytest.raises((AttributeError, pydantic.ValidationError)):
        event.user_id = "other"
    assert event.user_id == "u"


def test_a_changed_dataclass_event_is_refused_with_the_remedy() -> None:
    event = Open("u")
    with pytest.raises(ImmutableEventError, match="record a new event") as caught:
        event.room = "attic"
    assert (caught.value.event_type, caught.value.attribute) == (Open, "room")
    with pytest.raises(ImmutableEventError):
        del event.room
    assert dataclasses.replace(event, room="attic").room == "attic"


@notifications
def test_a_notification_gets_an_id_and_an_aware_utc_time(event_class: NotificationType) -> None:
    before = dt.datetime.now(dt.UTC)
    event = event_class(event_name="joined", payload=Joined(user_id="u"))
    assert isinstance(event.event_id, uuid.UUID)
    assert event.event_timestamp.utcoffset() == dt.timedelta(0)
    assert before <= event.event_timestamp <= dt.datetime.now(dt.UTC)
    assert event.event_id != event_class(event_name="joined", payload=None).event_id


@notifications
def test_the_default_topic_is_read_when_the_event_is_made(
    event_class: NotificationType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DEFAULT_OUTPUT_TOPIC", raising=False)
    assert event_class(event_name="joined", payload=None).topic == "output_topic"
    monkeypatch.setenv("DEFAULT_OUTPUT_TOPIC", "users")
    assert event_class(event_name="joined", payload=None).topic == "users"
    assert event_class(event_name="joined", payload=None, topic="own").topic == "own"


def test_the_oldest_name_of_the_topic_is_accepted() -> None:
    named = {"event_name": "joined", "payload": {}, "event_topic": "rooms"}
    assert cqrs.NotificationEvent(**named).topic == "rooms"
    assert cqrs.NotificationEvent.from_dict(**named).to_dict()["topic"] == "rooms"


@pytest.mark.parametrize(
    "event",
    [
        cqrs.NotificationEvent[Joined](event_name="joined", topic="t", payload=Joined(user_id="u")),
        cqrs.ECSTEvent[Joined](event_name="joined", payload=Joined(user_id="u")),
        cqrs.NotificationEvent(event_name="joined", payload={"any": ["thing"]}),
        cqrs.DCNotificationEvent(event_name="joined", payload={"a": 1}),
        UserJoined(user_id="u"),
        Open("u"),
    ],
    ids=lambda event: type(event).__name__,
)
def test_an_event_survives_the_way_through_plain_values(event: Any) -> None:
    assert type(event).from_dict(**event.to_dict()) == event


def test_a_notification_survives_json() -> None:
    event = cqrs.NotificationEvent[Joined](event_name="joined", payload=Joined(user_id="ü"))
    assert cqrs.NotificationEvent[Joined].model_validate_json(event.model_dump_json()) == event


def test_an_event_without_a_protobuf_form_raises_what_to_override() -> None:
    event = cqrs.NotificationEvent(event_name="joined", payload=None)
    with pytest.raises(ProtobufNotImplemented, match=r"override proto\(\)"):
        event.proto()
    with pytest.raises(ProtobufNotImplemented, match=r"override from_proto\(\)"):
        type(event).from_proto(object())


def test_the_kinds_of_events_can_be_distinguished() -> None:
    assert issubclass(cqrs.DomainEvent, cqrs.IDomainEvent)
    assert not issubclass(cqrs.DomainEvent, cqrs.INotificationEvent)
    assert issubclass(cqrs.ECSTEvent, cqrs.NotificationEvent)
    assert issubclass(cqrs.NotificationEvent[Joined], cqrs.INotificationEvent)
    assert issubclass(cqrs.DCNotificationEvent, cqrs.INotificationEvent)
