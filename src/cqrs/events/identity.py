"""Equality and hashes of events."""

from __future__ import annotations

import dataclasses
from typing import Any


def is_same_message(message: Any, other: Any) -> bool:
    """Whether both have the same id, and the class of one derives from that of the other."""
    kind: type[Any] = message.__class__
    other_kind: type[Any] = other.__class__
    if kind is not other_kind and not issubclass(kind, other_kind) and not issubclass(other_kind, kind):
        return False
    return bool(message.event_id == getattr(other, "event_id", None))


def hash_of_id(message: Any) -> int:
    """Return the hash of a message, which is that of its id."""
    return hash(message.event_id)


def hash_of_fields(event: Any) -> int:
    """Return the hash of a dataclass event without an id: equal events have the same, even with unhashable fields."""
    return hash_of(tuple(getattr(event, field.name) for field in dataclasses.fields(event) if field.compare))


def hash_of(value: Any) -> int:
    """Return a hash of any value; equal values have the same. Unhashable containers are hashed by their items."""
    try:
        return hash(value)
    except TypeError:
        parts: Any = value
    if isinstance(value, dict):
        return hash(frozenset((key, hash_of(parts[key])) for key in parts))
    if isinstance(value, list | tuple):
        return hash(tuple(hash_of(part) for part in parts))
    return hash(frozenset(parts)) if isinstance(value, set) else 0
