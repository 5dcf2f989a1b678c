from __future__ import annotations

import dataclasses
import datetime
import pickle
import uuid
from typing import Any

import pydantic
import pytest

import cqrs
from cqrs.deserializers import Deserializable, DeserializeJsonError, JsonDeserializer
from cqrs.errors import CQRSError
from cqrs.errors import deserializing as deserializer_exceptions
from cqrs.serializers import json_reader as deserializer_json

EVENT_ID = "7d0b8a57-6e0f-4e0f-9a56-5a6b0a9f7f11"


class Payload(pydantic.BaseModel):
    user_id: str
    note: str = ""


class StrictPayload(pydantic.BaseModel, strict=True):
    on: datetime.date


@dataclasses.dataclass
class DataclassPayload:
    user_id: str


@dataclasses.dataclass
class Joined(cqrs.DCEvent):
    number: int


class Versioned(cqrs.Event):
    """A message that still reads its first version."""

    name: str

    @classmethod
    def from_dict(cls, **kwargs: Any) -> Versioned:
        return cls(name=kwargs.get("name") or kwargs["title"])


class Plain:
    def __init__(self, number: int) -> None:
        self.number = number

    @classmethod
    def from_dict(cls, **kwargs: Any) -> Plain:
        return cls(**kwargs)


Notification = cqrs.NotificationEvent[Payload]


def notification(**payload: Any) -> bytes:
    fields = {"event_id": EVENT_ID, "event_timestamp": "2026-01-02T03:04:05Z", "event_name": "joined", "topic": "users"}
    return pydantic.TypeAdapter(dict[str, Any]).dump_json({**fields, "payload": payload})


@pytest.mark.parametrize("as_text", [False, True])
def test_notification_is_read_with_its_payload(as_text: bool) -> None:  # noqa: FBT001
    data = notification(user_id="ada")
    event = JsonDeserializer(Notification)(data.decode() if as_text else data)
    assert type(event) is Notification
    assert event == Notification(
        event_id=uuid.UUID(EVENT_ID),
        event_timestamp=datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC),
        event_name="joined",
        topic="users",
        payload=Payload(user_id="ada"),
    )


def test_an_event_written_by_pydantic_is_read_as_the_same_event() -> None:
    event = Notification(event_name="joined", payload=Payload(user_id="ada"))
    assert JsonDeserializer(Notification)(event.model_dump_json()) == event


def test_strict_model_is_read_as_json() -> None:
    event = JsonDeserializer(cqrs.NotificationEvent[StrictPayload])(notification(on="2026-01-02"))
    assert isinstance(event, cqrs.NotificationEvent)
    assert event.payload.on == datetime.date(2026, 1, 2)


def test_dataclass_events_are_validated() -> None:
    event = JsonDeserializer(cqrs.DCNotificationEvent[DataclassPayload])(notification(user_id="ada"))
    assert isinstance(event, cqrs.DCNotificationEvent)
    assert (event.event_id, event.payload) == (uuid.UUID(EVENT_ID), DataclassPayload("ada"))
    assert JsonDeserializer(Joined)(b'{"number": "7"}') == Joined(7)


def test_class_that_is_no_message_is_read_by_pydantic() -> None:
    assert JsonDeserializer(dict[str, int])(b'{"a": 1}') == {"a": 1}


def test_own_from_dict_is_used() -> None:
    assert issubclass(Plain, Deserializable)
    assert JsonDeserializer(Versioned)(b'{"title": "Ada"}') == Versioned(name="Ada")
    plain = JsonDeserializer(Plain)(b'{"number": 7}')
    assert isinstance(plain, Plain)
    assert plain.number == 7


@pytest.mark.parametrize("data", [None, b"", ""])
def test_no_data_is_no_message(data: Any) -> None:
    assert JsonDeserializer(Notification)(data) is None


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (notification(user_id={"iban": "DE99"}), "payload.user_id: Input should be a valid string"),
        (notification(note="DE99"), "payload.user_id: Field required"),
        (b"[]", "Input should be an object"),
        (b'"DE99', "Invalid JSON"),
        (b"\xff", "Invalid JSON"),
    ],
    ids=["wrong", "missing", "no object", "torn", "no text"],
)
def test_message_that_cannot_be_read_is_returned_with_its_data_and_not_raised(data: bytes, message: str) -> None:
    unread = JsonDeserializer(Notification)(data)
    assert isinstance(unread, DeserializeJsonError)
    assert unread.message_data == data
    assert unread.error_type is pydantic.ValidationError
    assert f"no NotificationEvent[Payload]: {message}" in unread.error_message
    assert "DE99" not in f"{unread} {unread!r}"


@pytest.mark.parametrize(
    ("data", "error"), [(b'{"nombre": "DE99"}', TypeError), (b"[7]", TypeError), (b"{", ValueError)]
)
def test_failure_of_an_own_from_dict_is_returned_with_its_cause(data: bytes, error: type[Exception]) -> None:
    unread = JsonDeserializer(Plain)(data)
    assert isinstance(unread, DeserializeJsonError)
    assert issubclass(unread.error_type, error)
    assert isinstance(unread.__cause__, unread.error_type)
    assert "DE99" not in str(unread)


def test_error_can_be_raised_and_sent_to_another_process() -> None:
    error = DeserializeJsonError(error_message="no event", error_type=ValueError, message_data=b"x")
    assert isinstance(error, CQRSError)
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (copy.error_message, copy.error_type, copy.message_data) == ("no event", ValueError, b"x")


def test_names_are_where_users_import_them_from() -> None:
    assert deserializer_json.JsonDeserializer is JsonDeserializer
    assert deserializer_exceptions.DeserializeJsonError is DeserializeJsonError
