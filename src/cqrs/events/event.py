"""Step 3, what happened: events on pydantic, on dataclasses, or on a class of your own. All are immutable.

A *domain* event goes to the handlers of the same process, in the same turn. A *notification* event tells other
services: it leaves through the outbox or the message broker. An *ECST* event is a notification that carries the whole
new state (event-carried state transfer), so that its readers need not ask back.
"""

from __future__ import annotations

import abc
import dataclasses
import datetime as dt
import inspect
import os
import uuid
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, cast

from pydantic import AliasChoices, ConfigDict, Field
from typing_extensions import TypeVar

from cqrs._messages.message import DataclassMessage, PydanticMessage
from cqrs._messages.message import IEvent as IEvent  # noqa: PLC0414  # its established path
from cqrs.errors.events import ImmutableEventError, ProtobufNotImplemented
from cqrs.errors.root import InvalidArgument
from cqrs.events.closed_generic import closed
from cqrs.events.identity import hash_of, hash_of_fields, hash_of_id, is_same_message

if TYPE_CHECKING:
    from collections.abc import Mapping

PayloadT = TypeVar("PayloadT", default=Any)


def default_topic() -> str:
    """The topic of a notification that names none: ``DEFAULT_OUTPUT_TOPIC``, else ``output_topic``."""
    return os.environ.get("DEFAULT_OUTPUT_TOPIC", "output_topic")


def utc_now() -> dt.datetime:
    """The current time, aware, in UTC."""
    return dt.datetime.now(dt.UTC)


class IDomainEvent(IEvent):
    """An event for handlers in the same process."""


class _NotSaid:
    """``None`` on an event, and nothing on its class: so a subclass may as well have a field of this name."""

    def __get__(self, event: object, owner: type) -> None:
        if event is None:
            raise AttributeError


class INotificationEvent(IEvent, Generic[PayloadT]):
    """An event for other services. A class of your own has ``event_id``, ``event_name`` and ``topic``, too.

    How it travels can be said by overriding ``message_key``, ``message_headers`` and ``message_delay``. None of them is
    part of the body, unless it is a field. What a call of ``outbox.add`` says counts before them.
    """

    if TYPE_CHECKING:

        @property
        def message_key(self) -> str | None:
            """Messages with one key keep their order. ``None``: this one keeps none."""

        @property
        def message_headers(self) -> Mapping[str, str] | None:
            """Headers beside those of the envelope."""

        @property
        def message_delay(self) -> dt.timedelta | float | None:
            """How long to wait after the commit, a ``timedelta`` or seconds. Only an outbox can wait."""

    else:
        message_key = _NotSaid()
        message_headers = _NotSaid()
        message_delay = _NotSaid()

    def proto(self) -> Any:
        """The event as an instance of its generated protobuf class. Override it; there is no default."""
        raise ProtobufNotImplemented(type(self), "proto")

    @classmethod
    def from_proto(cls, proto: Any) -> Self:
        """The event that ``proto`` describes, the reverse of :meth:`proto`. Override it; there is no default."""
        del proto
        raise ProtobufNotImplemented(cls, "from_proto")


class Event(PydanticMessage, IEvent):
    """An event, validated by pydantic. It is handled like a domain event."""

    model_config = ConfigDict(frozen=True)

    def __hash__(self) -> int:
        """Equal events have one hash, whatever their fields hold."""
        return hash_of(tuple(self.__dict__.values()))


class DomainEvent(Event, IDomainEvent):
    """Something that happened in this service, for handlers in the same process."""


class NotificationEvent(Event, INotificationEvent[PayloadT], Generic[PayloadT]):
    """Something that happened in this service, for other services.

    ``event_id`` identifies the event wherever it goes. ``event_timestamp`` is made in UTC. ``topic`` (also
    accepted as ``event_topic``) defaults to the environment variable ``DEFAULT_OUTPUT_TOPIC``, read when the event is
    made, else ``output_topic``. With ``@cqrs.event_type("order_placed", topic="orders")`` on a subclass neither
    ``event_name`` nor ``topic`` need be given; what is given counts before it.
    """

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    event_id: uuid.UUID = Field(default_factory=uuid.uuid4)
    event_timestamp: dt.datetime = Field(default_factory=utc_now)
    if TYPE_CHECKING:
        event_name: str = ""  # may be left out where event_type says it
    else:
        event_name: str
    topic: str = Field(default_factory=default_topic, validation_alias=AliasChoices("topic", "event_topic"))
    payload: PayloadT

    def __eq__(self, other: object) -> bool:
        """An event is the one that its id says: two with one id are the same."""
        return is_same_message(self, other)

    def __hash__(self) -> int:
        return hash(self.event_id)


class ECSTEvent(NotificationEvent[PayloadT], Generic[PayloadT]):
    """A notification that carries the whole new state of what it speaks about."""


class DCEvent(DataclassMessage, IEvent):
    """An event on a standard dataclass, frozen or not: an attribute can be set once and never be changed."""

    if not TYPE_CHECKING:

        def __class_getitem__(cls, arguments: Any) -> Any:
            """A class of its own for each payload."""
            if Generic not in cls.__mro__:
                remedy = f"{cls.__qualname__} is not a generic class, derive it from Generic[T] as well"
                raise InvalidArgument("[...]", arguments, remedy)
            return closed(cls, super().__class_getitem__(arguments))

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__eq__" not in cls.__dict__ and "__hash__" not in cls.__dict__:
            for name, method in cls._compared_by().items():  # @dataclass leaves alone what is in the class already
                setattr(cls, name, method)

    @classmethod
    def _compared_by(cls) -> dict[str, Any]:
        return {"__hash__": hash_of_fields}

    def __setattr__(self, name: str, value: object) -> None:
        if _is_set(self, name):
            raise ImmutableEventError(type(self), name)
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        raise ImmutableEventError(type(self), name)


class DCDomainEvent(DCEvent, IDomainEvent):
    """A domain event on a standard dataclass."""


if TYPE_CHECKING:
    _Completing = abc.ABCMeta
else:

    class _Completing(abc.ABCMeta):
        """Adds what ``event_type`` says and a call leaves out. A dataclass could not: ``payload`` has no default."""

        def __call__(cls, *args: Any, **kwargs: Any) -> Any:
            for name, value in cls.__cqrs_defaults__.items():
                if len(args) <= _PLACES[name]:
                    kwargs.setdefault(name, value)
            return super().__call__(*args, **kwargs)

        @property
        def __signature__(cls) -> inspect.Signature:
            made = inspect.signature(cls.__init__)
            return made.replace(parameters=[*made.parameters.values()][1:])


_PLACES = {"event_name": 0, "topic": 4}


@dataclasses.dataclass(frozen=True)
class DCNotificationEvent(DCEvent, INotificationEvent[PayloadT], Generic[PayloadT], metaclass=_Completing):
    """A notification on a standard dataclass; its fields mean what they mean on ``NotificationEvent``."""

    __cqrs_defaults__: ClassVar[Mapping[str, str]] = MappingProxyType({})

    if TYPE_CHECKING:
        event_name: str = ""  # may be left out where event_type says it
        payload: PayloadT = cast("PayloadT", None)  # what follows a default needs one
    else:
        event_name: str
        payload: PayloadT
    event_id: uuid.UUID = dataclasses.field(default_factory=uuid.uuid4)
    event_timestamp: dt.datetime = dataclasses.field(default_factory=utc_now)
    topic: str = dataclasses.field(default_factory=default_topic)

    @classmethod
    def _compared_by(cls) -> dict[str, Any]:
        return {"__eq__": is_same_message, "__hash__": hash_of_id}


PydanticEvent = Event
PydanticDomainEvent = DomainEvent
PydanticNotificationEvent = NotificationEvent


def _is_set(event: object, name: str) -> bool:
    if name in getattr(event, "__dict__", ()):
        return True
    slot = getattr(type(event), name, None)
    if not hasattr(slot, "__objclass__"):  # not a slot: a default of the class, or nothing
        return False
    return hasattr(event, name)
