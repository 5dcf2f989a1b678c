"""The decorator by which an event class declares its name, version, topic and key."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel

from cqrs._introspection.annotations import own_annotations
from cqrs._introspection.generics import type_name
from cqrs.errors.root import InvalidArgument
from cqrs.events.event import DCNotificationEvent, INotificationEvent
from cqrs.events.message_key import KeyOf, check_path
from cqrs.events.registry import EventName, declare, default_registry

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T", bound=type)


def event_type(
    name: str, *, version: int = 1, topic: str | None = None, key: str | Callable[[Any], object] | None = None
) -> Callable[[T], T]:
    """Return a decorator that gives an event class a fixed name and version, so that the class can be renamed or moved.

    The class is registered in the default registry, that of ``OutboxedEventMap``: nothing else has to be registered.
    The events of a notification class get this ``event_name`` and ``topic``, unless they are given others when they are
    made. With ``key``, messages with the same key keep their order: it is a field of the payload (``"order_id"``,
    ``"customer.id"``; of the event itself if it has no payload), or a function of the event. ``outbox.add(key=...)``
    takes precedence. A function may return ``None``, for a message that need not keep an order; a field may not be
    ``None``.

    A subclass inherits topic and key; without a name of its own it is sent under the name of this class. Put the
    decorator above ``@dataclass``. Raises ``EventNameConflict`` if another class has the name and version, and
    ``InvalidArgument`` for a wrong argument, such as a ``key`` that is no field.
    """
    _check_said(name, version, topic)

    def decorate(cls: T) -> T:
        _check(cls, name, topic, key)
        default_registry.register(cls, name, version)
        declare(cls, EventName(name, version))
        if issubclass(cls, INotificationEvent):
            _let_default(cls, {"event_name": name} | ({} if topic is None else {"topic": topic}))
            if key is not None:
                setattr(cls, "message_key", KeyOf(key))  # noqa: B010  # it is read-only for a type checker
        return cls

    return decorate


def _check_said(name: Any, version: Any, topic: Any) -> None:
    if not isinstance(name, str) or not name:
        raise InvalidArgument("name", name, 'say how its events are called, @cqrs.event_type("order_placed")')
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise InvalidArgument("version", version, "versions are whole numbers from 1")
    if topic is not None and (not isinstance(topic, str) or not topic):
        raise InvalidArgument("topic", topic, "a topic is a text")


def _check(cls: Any, name: str, topic: str | None, key: Any) -> None:
    if not hasattr(cls, "__mro__"):
        raise InvalidArgument("the decorated", cls, "put @cqrs.event_type(...) on a class")
    if INotificationEvent not in cls.__mro__:
        for argument, value in (("topic", topic), ("key", key)):
            if value is not None:
                remedy = f"{type_name(cls)} stays in this service: derive it from NotificationEvent to send it"
                raise InvalidArgument(argument, value, remedy)
        return
    for field, argument, value in (("event_name", "name", name), ("topic", "topic", topic)):
        own = _own_default(cls, field)
        if value is not None and isinstance(own, str) and own != value:
            remedy = f"{type_name(cls)}.{field} is {own!r} by default: say it once, here, and remove it there"
            raise InvalidArgument(argument, value, remedy)
    if key is not None:
        _check_key(cls, key)


def _check_key(cls: type, key: Any) -> None:
    if "message_key" in cls.__dict__ or "message_key" in own_annotations(cls):
        raise InvalidArgument("key", key, f"{type_name(cls)} has a message_key of its own: remove one of the two")
    if isinstance(key, str):
        check_path(cls, key)
    elif not callable(key):
        raise InvalidArgument("key", key, "name a field of the payload, or give a function of the event")


def _own_default(cls: Any, field: str) -> Any:
    """Return the default that the class itself defines; ``None`` if it inherits the default or has none."""
    if issubclass(cls, BaseModel):
        own = field in own_annotations(cls)
        return cls.model_fields[field].default if own and field in cls.model_fields else None
    return cls.__dict__.get(field)


def _let_default(cls: Any, defaults: dict[str, str]) -> None:
    if issubclass(cls, DCNotificationEvent):
        cls.__cqrs_defaults__ = {**cls.__cqrs_defaults__, **defaults}
    elif not issubclass(cls, BaseModel):
        for field, value in defaults.items():
            if not hasattr(cls, field):  # it would be a property or a slot
                setattr(cls, field, value)
    else:
        for field, value in defaults.items():
            if field in cls.model_fields:
                changed = cls.model_fields[field] = copy.copy(cls.model_fields[field])
                changed.default, changed.default_factory = value, None
        cls.model_rebuild(force=True, raise_errors=False)
