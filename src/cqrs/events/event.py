"""Step 3: base classes of events: on pydantic, on dataclasses, or for a class of your own. All events are immutable.

A *domain* event is handled in the same process, in the same turn. A *notification* event is for other services: it is
sent through the outbox or the message broker. An *ECST* event is a notification that carries the whole new state
(event-carried state transfer), so that its consumers need not ask for it.
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
    """Return the topic of notifications without one: the variable ``DEFAULT_OUTPUT_TOPIC``, or ``output_topic``."""
    return os.environ.get("DEFAULT_OUTPUT_TOPIC", "output_topic")


def utc_now() -> dt.datetime:
    """Return the current time in UTC, with time zone."""
    return dt.datetime.now(dt.UTC)


class IDomainEvent(IEvent):
    """An event for handlers in the same process."""


class _NoneByDefault:
    """An attribute that is ``None`` on an event and absent on its class, so that subclasses may have such a field."""

    def __get__(self, event: object, owner: type) -> None:
        if event is None:
            raise AttributeError


class INotificationEvent(IEvent, Generic[PayloadT]):
    """An event for other services. A class of your own must have ``event_id``, ``event_name`` and ``topic``, too.

    Override ``message_key``, ``message_headers`` and ``message_delay`` to set how it is sent. They are not part of the
    body, unless they are fields. Arguments of ``outbox.add`` take precedence.
    """

    if TYPE_CHECKING:

        @property
        def message_key(self) -> str | None:
            """Messages with the same key keep their order; a message with ``None`` need not."""

        @property
        def message_headers(self) -> Mapping[str, str] | None:
            """Headers in addition to those of the envelope."""

        @property
        def message_delay(self) -> dt.timedelta | float | None:
            """How long to wait after the commit, a ``timedelta`` or seconds. Only an outbox can wait."""

    else:
        message_key = _NoneByDefault()
        message_headers = _NoneByDefault()
        message_delay = _NoneByDefault()

    def proto(self) -> Any:
        """Return the event as an instance of its generated protobuf class. Override it; there is no default."""
        raise ProtobufNotImplemented(type(self), "proto")

    @classmethod
    def from_proto(cls, proto: Any) -> Self:
        """Return the event that ``proto`` holds, the reverse of :meth:`proto`. Override it; there is no default."""
        del proto
        raise ProtobufNotImplemented(cls, "from_proto")


class Event(PydanticMessage, IEvent):
    """An event, validated by pydantic. It is handled like a domain event."""

    model_config = ConfigDict(frozen=True)

    def __hash__(self) -> int:
        """Return a hash that is the same for equal events, also if their fields are not hashable."""
        return hash_of(tuple(self.__dict__.values()))


class DomainEvent(Event, IDomainEvent):
    """Something that happened in this service, for handlers in the same process."""


class NotificationEvent(Event, INotificationEvent[PayloadT], Generic[PayloadT]):
    """Something that happened in this service, for other services.

    ``event_id`` identifies the event everywhere. ``event_timestamp`` is in UTC. ``topic`` (also accepted as
    ``event_topic``) defaults to the environment variable ``DEFAULT_OUTPUT_TOPIC``, read when the event is made, or else
    to ``output_topic``. With ``@cqrs.event_type("order_placed", topic="orders")`` on a subclass, ``event_name`` and
    ``topic`` may be left out; given ones take precedence.
    """

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    event_id: uuid.UUID = Field(default_factory=uuid.uuid4)
    event_timestamp: dt.datetime = Field(default_factory=utc_now)
    if TYPE_CHECKING:
        event_name: str = ""  # may be left out if event_type sets it
    else:
        event_name: str
    topic: str = Field(default_factory=default_topic, validation_alias=AliasChoices("topic", "event_topic"))
    payload: PayloadT

    def __eq__(self, other: object) -> bool:
        """Whether ``other`` has the same id."""
        return is_same_message(self, other)

    def __hash__(self) -> int:
        return hash(self.event_id)


class ECSTEvent(NotificationEvent[PayloadT], Generic[PayloadT]):
    """A notification that carries the whole new state of its subject."""


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
            for name, method in cls._compared_by().items():  # @dataclass does not replace methods of the class
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
        """Adds the defaults of ``event_type`` to calls. A dataclass cannot have defaults before ``payload``."""

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
    """A notification on a standard dataclass, with the fields of ``NotificationEvent``."""

    __cqrs_defaults__: ClassVar[Mapping[str, str]] = MappingProxyType({})

    if TYPE_CHECKING:
        event_name: str = ""  # may be left out if event_type sets it
        payload: PayloadT = cast("PayloadT", None)  # a field after one with a default needs a default
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
