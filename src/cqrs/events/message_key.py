"""The key of a message, for classes that declare it with ``@cqrs.event_type(key=...)``."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import typing
import uuid
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from cqrs._introspection.annotations import own_annotations
from cqrs._introspection.generics import type_name
from cqrs._introspection.type_text import fields
from cqrs.errors.events import NoMessageKey
from cqrs.errors.root import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_MISSING = object()


class KeyOf:
    """The attribute ``message_key``, which reads a field of the event or calls a function with it."""

    def __init__(self, key: str | Callable[[Any], object]) -> None:
        self._key = key

    def __get__(self, event: Any, owner: type) -> str | None:
        if event is None:  # absent on the class, so that a subclass may have a field of this name
            raise AttributeError
        key = self._key
        if not isinstance(key, str):
            made = key(event)
            return None if made is None else _text(event, "what its function key= returns", made)
        value: Any = getattr(event, "payload", event)
        for name in key.split("."):
            kind: Any = value.__class__
            value = value.get(name, _MISSING) if dict in kind.__mro__ else getattr(value, name, _MISSING)
            if value is _MISSING:
                raise NoMessageKey(event.__class__, key, f"{type_name(kind)} has no {name!r}")
        return _text(event, key, value)


def check_path(event_type: type, path: str) -> None:
    """Raise ``InvalidArgument`` if ``event_type`` certainly has no field at ``path``."""
    if not all(part.isidentifier() for part in path.split(".")):
        remedy = "name a field of the payload, such as 'order_id' or 'customer.id', or give a function of the event"
        raise InvalidArgument("key", path, remedy)
    declared: Any = _fields(event_type).get("payload", event_type)
    for name in path.split("."):
        if not isinstance(declared, type):
            return
        known = _fields(declared)
        if not known:
            return
        if name not in known and not hasattr(declared, name):
            has = ", ".join(known)
            raise InvalidArgument("key", path, f"{type_name(declared)} has no {name!r}, name one of its fields: {has}")
        declared = known.get(name)


def _fields(cls: type[Any]) -> Mapping[str, Any]:
    """Return the fields of a class with their declared types, ``None`` for a type that cannot be read."""
    if issubclass(cls, BaseModel):
        return {name: field.annotation for name, field in cls.model_fields.items()}
    declared: Any = cls
    names: list[str] = [*getattr(declared, "__dataclass_fields__", ())]
    if typing.is_typeddict(declared):
        names = [*own_annotations(declared)]
    hints = dict(fields(declared)) if names else {}
    return {name: hints.get(name) for name in names}


def _text(event: Any, place: str, value: Any) -> str:
    """Return ``value`` as the text of a key. Equal values give the same text."""
    if isinstance(value, enum.Enum):
        value = value.value
    kind: type[Any] = value.__class__
    if issubclass(kind, str):
        return str(value)
    if issubclass(kind, dt.date):
        return str(value.isoformat())
    if issubclass(kind, uuid.UUID | int | decimal.Decimal) and kind is not bool:
        return str(value)
    found = "None" if value is None else f"a {type_name(kind)}"  # not the value, which may be confidential
    raise NoMessageKey(event.__class__, place, f"it is {found}, and a key is a text, a number, an id or a date")
