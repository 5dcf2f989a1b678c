"""When two events are the same, and how one is found in a set."""

from __future__ import annotations

import dataclasses
from typing import Any


def is_same_message(message: Any, other: Any) -> bool:
    """Whether they have one id, and one could stand for the other."""
    kind: type[Any] = message.__class__
    other_kind: type[Any] = other.__class__
    if kind is not other_kind and not issubclass(kind, other_kind) and not issubclass(other_kind, kind):
        return False
    return bool(message.event_id == getattr(other, "event_id", None))


def hash_of_id(message: Any) -> int:
    """The hash of a message."""
    return hash(message.event_id)


def hash_of_fields(event: Any) -> int:
    """The hash of an event on a dataclass that has no id: equal events have one, whatever their fields hold."""
    return hash_of(tuple(getattr(event, field.name) for field in dataclasses.fields(event) if field.compare))


def hash_of(value: Any) -> int:
    """A hash of anything: equal values have one hash, and of what has none it is that of its class, or of its parts."""
    try:
        return hash(value)
    except TypeError:
        parts: Any = value
    if isinstance(value, dict):
        return hash(frozenset((key, hash_of(parts[key])) for key in parts))
    if isinstance(value, list | tuple):
        return hash(tuple(hash_of(part) for part in parts))
    return hash(frozenset(parts)) if isinstance(value, set) else 0
